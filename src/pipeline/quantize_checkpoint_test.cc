#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "checkpoint/checkpoint.h"
#include "formats/decoded_store.h"
#include "support/checkpoint_jobs.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;
using ::testing::UnorderedElementsAre;

class QuantizeCheckpoint : public testing::CheckpointJobs {};

TEST_F(QuantizeCheckpoint, WritesAFolderThatRuns) {
  const CheckpointReport report = quantize_checkpoint(write(), out(), {.method = "absmax"});
  EXPECT_THAT(files(out()), ElementsAre("config.json", "model.safetensors", "tokenizer.json"));
  EXPECT_THAT(files(folder_.path()), ElementsAre("in", "out"));
  EXPECT_THAT(report.weights, SizeIs(7));
  EXPECT_EQ(report.format, "plain");
  EXPECT_THAT(report.warnings, IsEmpty());
  for (const WeightReport& w : report.weights) {
    EXPECT_EQ(w.encoding, "int8 symmetric per channel");
    EXPECT_GT(w.sqnr_db, 40);
    EXPECT_NEAR(w.bits_per_weight, 8 + 32.0 / static_cast<double>(w.columns), 1e-9);
  }
  EXPECT_LT(difference(logits(out()), logits(folder_ / "in")), 0.02);
}

TEST_F(QuantizeCheckpoint, EveryFormatRuns) {
  struct Case {
    CheckpointJob job;
    double tolerance;
  };
  const Case cases[] = {
      {{.method = "zero-point", .format = "plain", .options = {.bits = 3, .block_size = 32}}, 0.5},
      {{.method = "absmax", .format = "compressed-tensors"}, 0.02},
      {{.method = "zero-point", .format = "compressed-tensors", .options = {.bits = 4, .block_size = 16}}, 0.2},
      {{.method = "zero-point", .format = "pack-quantized", .options = {.bits = 8}}, 0.02},
      {{.method = "absmax", .format = "gptq", .options = {.bits = 4, .block_size = 32, .clip_search = true}}, 0.2},
      {{.method = "zero-point", .format = "gptq-v2", .options = {.bits = 8}}, 0.02},
      {{.method = "llm-int8"}, 0.02},
      {{.method = "nf4", .options = {.double_quantization = true}}, 0.2}};
  const Tensor expected = logits(write());
  for (const Case& c : cases) {
    const std::string name = out(c.job.method + c.job.format);
    quantize_checkpoint(folder_ / "in", name, c.job);
    const double d = difference(logits(name), expected);
    EXPECT_LT(d, c.tolerance) << name;
    EXPECT_GT(d, 0) << name;
  }
}

TEST_F(QuantizeCheckpoint, LlmInt8RunsAsItsConfigSays) {
  quantize_checkpoint(write(), out(), {.method = "llm-int8"});
  const auto thresholds = [&] {
    std::vector<float> found;
    for (const Node& node : load_model(out(), LinearLayers::as_quantized).graph.nodes) {
      if (node.op_type == "LlmInt8MatMul") found.push_back(node.get_float("threshold", -1));
    }
    return found;
  };
  EXPECT_EQ(thresholds(), std::vector<float>(7, 6.0F));
  const double d = difference(logits(out(), LinearLayers::as_quantized), logits(out()));
  EXPECT_GT(d, 0) << "activations are rounded too";
  EXPECT_LT(d, 0.05);

  nlohmann::ordered_json config = open_checkpoint(out()).config;
  config["quantization_config"]["llm_int8_threshold"] = 2.5;
  std::ofstream(out() + "/config.json") << config;
  EXPECT_EQ(thresholds(), std::vector<float>(7, 2.5F));
  config["quantization_config"]["llm_int8_threshold"] = -1;
  std::ofstream(out() + "/config.json") << config;
  EXPECT_THAT([&] { thresholds(); }, ThrowsMessage<Error>(HasSubstr("'llm_int8_threshold' is negative: -1")));
}

TEST_F(QuantizeCheckpoint, TheOutputHoldsWhatWasReported) {
  const CheckpointReport report = quantize_checkpoint(
      write(), out(), {.method = "absmax", .format = "gptq", .options = {.bits = 4, .block_size = 32}});
  EXPECT_TRUE(fs::exists(folder_.path() / "out" / "quantize_config.json"));
  const Checkpoint checkpoint = open_checkpoint(out());
  const auto& store = dynamic_cast<const DecodedStore&>(*checkpoint.weights);
  std::uint64_t bytes = 0;
  for (const WeightReport& w : report.weights) {
    const StoredTensor* tensor = store.find(w.name);
    ASSERT_NE(tensor, nullptr);
    EXPECT_EQ(tensor->encoding, w.encoding);
    EXPECT_NEAR(8.0 * static_cast<double>(tensor->bytes), w.bits_per_weight * static_cast<double>(w.rows * w.columns),
                1e-6);
    bytes += tensor->bytes;
  }
  EXPECT_GT(report.output_bytes, bytes);
  EXPECT_EQ(checkpoint.config["quantization_config"]["bits"], 4);
}

TEST_F(QuantizeCheckpoint, BlocksThatDoNotFitOneMatrixAreReported) {
  const CheckpointReport report = quantize_checkpoint(
      write({.intermediate = 172}), out(),
      {.method = "absmax", .format = "compressed-tensors", .options = {.bits = 4, .block_size = 32}});
  EXPECT_THAT(
      report.warnings,
      ElementsAre("'model.layers.0.mlp.down_proj.weight': blocks of 32 do not divide its 172 columns; has a grid "
                  "per output instead"));
  const auto config = open_checkpoint(out()).config["quantization_config"];
  EXPECT_EQ(config["config_groups"]["group_1"]["targets"],
            nlohmann::ordered_json::array({"model.layers.0.mlp.down_proj"}));
}

TEST_F(QuantizeCheckpoint, BlocksThatDoNotFitAreTreatedAlikeInEveryFormat) {
  const Tensor expected = logits(write());  // rows of 64, but 96 in down_proj
  for (const std::string format : {"plain", "compressed-tensors", "pack-quantized", "gptq", "gptq-v2"}) {
    for (const std::string method : {"absmax", "zero-point", "gptq"}) {
      SCOPED_TRACE(method + " " + format);
      CheckpointJob job{.method = method, .format = format, .options = {.bits = 4, .block_size = 64}, .force = true};
      if (method == "gptq") job.data.path = tokens();
      const CheckpointReport report = quantize_checkpoint(folder_ / "in", out(), job);
      EXPECT_THAT(report.warnings, ElementsAre("'model.layers.0.mlp.down_proj.weight': blocks of 64 do not divide its "
                                               "96 columns; has a grid per output instead"));
      EXPECT_LT(difference(logits(out()), expected), 0.5);
      const Checkpoint written = open_checkpoint(out());
      for (const StoredTensor& tensor : written.weights->tensors()) {
        if (tensor.encoding.empty()) continue;
        const bool is_down = tensor.name.find("down_proj") != tensor.name.npos;
        EXPECT_THAT(tensor.encoding, HasSubstr(is_down ? "per channel" : "block 64")) << tensor.name;
      }
      job.options.block_size = 40;
      try {
        quantize_checkpoint(folder_ / "in", out("none"), job);
        FAIL() << "no error";
      } catch (const Error& e) {
        EXPECT_THAT(e.what(), HasSubstr(format + ": no weight can be int4 "));
        EXPECT_THAT(e.what(), HasSubstr("blocks of 40 do not divide its "));
      }
      EXPECT_FALSE(fs::exists(out("none")));
    }
  }
  convert_checkpoint(out(), out("there"), {.format = "compressed-tensors"});
  convert_checkpoint(out("there"), out("back"), {.format = "gptq-v2"});
  EXPECT_EQ(difference(logits(out("back")), logits(out())), 0) << "exceptions are carried along";
}

TEST_F(QuantizeCheckpoint, MatricesThatAFormatCannotHoldStayFloat) {
  const CheckpointReport report = quantize_checkpoint(write({.intermediate = 172}), out(),
                                                      {.method = "absmax", .format = "gptq", .options = {.bits = 4}});
  EXPECT_THAT(
      report.warnings,
      UnorderedElementsAre(
          "'model.layers.0.mlp.down_proj.weight': its 172 inputs are no multiple of 32; stays float",
          "'model.layers.0.mlp.gate_proj.weight' and 1 more: its 172 outputs are no multiple of 32; stays float"));
  EXPECT_THAT(report.weights, SizeIs(7));
  EXPECT_TRUE(open_checkpoint(out()).config["quantization_config"]["dynamic"].contains(
      "-:^model\\.layers\\.0\\.mlp\\.up_proj$"));
  EXPECT_LT(difference(logits(out()), logits(folder_ / "in")), 0.2);
}

TEST_F(QuantizeCheckpoint, PatternsChooseTheMatrices) {
  CheckpointReport report =
      quantize_checkpoint(write(), out("a"), {.include = {"*.mlp.*", "lm_head"}, .exclude = {"*.down_proj.weight"}});
  std::vector<std::string> names;
  for (const WeightReport& w : report.weights) names.push_back(w.name);
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("model.layers.0.mlp.gate_proj.weight",
                                                     "model.layers.0.mlp.up_proj.weight", "lm_head.weight"));
  report =
      quantize_checkpoint(folder_ / "in", out("b"), {.method = "nf4", .include = {"model.embed_tokens", "lm_head"}});
  EXPECT_THAT(report.warnings, ElementsAre("'model.embed_tokens.weight': is an embedding, which only the plain format "
                                           "holds; stays float"));
}

TEST_F(QuantizeCheckpoint, ShardsAreWrittenAndRead) {
  quantize_checkpoint(write(), out(), {.max_shard_bytes = 9000});
  EXPECT_TRUE(fs::exists(folder_.path() / "out" / "model.safetensors.index.json"));
  EXPECT_LT(difference(logits(out()), logits(folder_ / "in")), 0.02);
}

TEST_F(QuantizeCheckpoint, RefusesBeforeAnythingIsWritten) {
  EXPECT_EQ(refusal({.options = {.bits = 5}}), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
  EXPECT_EQ(refusal({.include = {"*.q_prj"}}),
            "--include: '*.q_prj' matches no weight; 'zeropoint inspect in --tensors' lists them");
  EXPECT_EQ(refusal({.exclude = {"*"}}), "in: no matrix is left to quantize");
  EXPECT_EQ(
      refusal({.format = "compressed-tensors", .options = {.bits = 4, .block_size = 48}},
              {.hidden = 64, .intermediate = 100}),
      "compressed-tensors: no weight can be int4 symmetric block 48: 'model.layers.0.mlp.down_proj.weight': blocks of "
      "48 do not divide its 100 columns");
  EXPECT_THAT(refusal({.format = "gtpq"}), HasSubstr("--format: unknown format 'gtpq'; did you mean 'gptq'?"));
  EXPECT_THAT(refusal({.method = "nf4", .format = "gptq"}), HasSubstr("gptq: no weight can be nf4 block 64"));
}

TEST_F(QuantizeCheckpoint, RefusesWeightsThatAreNotFinite) {
  const auto broken = [](const std::string& tensor, float value) {
    return testing::TinyLlama{.change = [=](const std::string& name, Tensor& t) {
      if (name == tensor) t.mutable_data<float>()[t.size() - 2] = value;
    }};
  };
  EXPECT_EQ(refusal({}, broken("model.layers.0.mlp.up_proj.weight", std::numeric_limits<float>::quiet_NaN())),
            "in: 'model.layers.0.mlp.up_proj.weight': has a NaN at [95, 62] (1 of 6144 values), which has no code");
  EXPECT_EQ(
      refusal({.method = "nf4"}, broken("model.layers.0.mlp.up_proj.weight", -INFINITY)),
      "in: 'model.layers.0.mlp.up_proj.weight': has an infinity at [95, 62] (1 of 6144 values), which has no code");
  EXPECT_EQ(refusal({}, broken("model.norm.weight", INFINITY)),
            "in: 'model.norm.weight': has an infinity at [62] (1 of 64 values), which has no code");
}

TEST_F(QuantizeCheckpoint, AffineGridsAreSuchAsTheFormatHolds) {
  // Without negative weights a zero point would be 0, which GPTQ's first version cannot hold.
  write({.change = [](const std::string&, Tensor& t) {
    for (float& x : t.mutable_values<float>()) x = std::abs(x);
  }});
  const Tensor expected = logits(folder_ / "in");
  const CheckpointJob jobs[] = {{.method = "gptq", .options = {.bits = 4, .block_size = 32, .affine = true}},
                                {.method = "gptq", .options = {.bits = 8, .affine = true}},
                                {.method = "zero-point", .format = "gptq", .options = {.bits = 4, .block_size = 32}}};
  for (CheckpointJob job : jobs) {
    if (job.method == "gptq") job.data.path = tokens();
    job.force = true;
    EXPECT_EQ(quantize_checkpoint(folder_ / "in", out(), job).format, "gptq");
    const double d = difference(logits(out()), expected);
    EXPECT_LT(d, 0.5) << job.method;
    EXPECT_GT(d, 0) << job.method;
  }
}

TEST_F(QuantizeCheckpoint, NeverReplacesUnlessToldTo) {
  const std::string in = write();
  try {
    quantize_checkpoint(in, in, {.force = true});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("is the input; it is never overwritten"));
  }
  quantize_checkpoint(in, out(), {});
  try {
    quantize_checkpoint(in, out(), {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("exists and is not empty; give the name of a new folder"));
  }
  fs::create_directory(out("letters"));
  std::ofstream(fs::path(out("letters")) / "config.json") << "{}";
  try {
    quantize_checkpoint(in, out("letters"), {.force = true});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(),
              "holds no quantized checkpoint, and nothing else is replaced; give the name of a new folder");
  }
  quantize_checkpoint(in, out(), {.method = "nf4", .force = true});
  EXPECT_EQ(open_checkpoint(out()).config["quantization_config"]["quant_method"], "bitsandbytes");
}

TEST_F(QuantizeCheckpoint, SaysWhatItTakesBeforeItStarts) {
  Preflight seen;
  CheckpointJob job;
  job.on_preflight = [&](const Preflight& p) {
    seen = p;
    EXPECT_FALSE(fs::exists(out()));
  };
  const CheckpointReport report = quantize_checkpoint(write(), out(), job);
  EXPECT_EQ(seen.weights, 7U);
  EXPECT_GT(seen.input_bytes, report.output_bytes);
  EXPECT_NEAR(static_cast<double>(seen.output_bytes), static_cast<double>(report.output_bytes), 4096);
  // Source, codes and twice the parts of a layer of 96 x 64, and the program.
  EXPECT_EQ(seen.peak_memory, 64'000'000U + 4 * 96 * 64 + 96 * 64 + 2 * (96 * 64 + 4 * 96));
  EXPECT_EQ(seen.journal_bytes, 0U);
  EXPECT_GT(seen.free_disk, seen.output_bytes);
  EXPECT_GT(seen.seconds, 0);
}

TEST_F(QuantizeCheckpoint, AnUnknownArchitectureIsQuantizedByName) {
  const fs::path in = write();
  auto config = open_checkpoint(in).config;
  config["model_type"] = "gpt9";
  std::ofstream(in / "config.json") << config.dump();
  try {
    quantize_checkpoint(in, out(), {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("the architecture 'gpt9' (model_type) is not offered; known are "));
    EXPECT_THAT(e.what(), HasSubstr("; or name the matrices with --include"));
  }
  EXPECT_THAT(quantize_checkpoint(in, out(), {.include = {"*_proj"}}).weights, SizeIs(7));
}

}  // namespace
}  // namespace zeropoint
