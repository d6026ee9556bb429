#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "architectures/load_model.h"
#include "checkpoint/checkpoint.h"
#include "data/npz_writer.h"
#include "executor/program.h"
#include "formats/decoded_store.h"
#include "frontends/safetensors.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/checkpoint.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class QuantizeCheckpoint : public ::testing::Test {
 protected:
  std::string write(const testing::TinyLlama& model = {}) const {
    testing::write_tiny_llama(folder_ / "in", model);
    return folder_ / "in";
  }
  std::string out(std::string_view name = "out") const { return folder_ / name; }

  std::string refusal(const CheckpointJob& job, const testing::TinyLlama& model = {}) const {
    try {
      quantize_checkpoint(write(model), out(), job);
    } catch (const Error& e) {
      EXPECT_THAT(files(folder_.path()), ElementsAre("in")) << "nothing is left";
      std::string text = e.what();
      const std::string folder = folder_.path().string() + "/";
      for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
        text.erase(at, folder.size());
      }
      return text;
    }
    return "";
  }

  /// Ten sequences of 16.
  std::string tokens() const {
    Tensor ids = Tensor::allocate(DType::i64, {10, 16});
    std::mt19937 random(3);
    for (std::int64_t& id : ids.mutable_values<std::int64_t>())
      id = static_cast<std::int64_t>(random() % 15);  // never the last
    save_npy(ids, folder_ / "tokens.npy");
    return folder_ / "tokens.npy";
  }

  static std::string bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  static std::vector<std::string> files(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  static Tensor logits(const std::string& path, LinearLayers layers = LinearLayers::in_float) {
    Program program = Program::compile(load_model(path, layers));
    const Tensor tokens = Tensor::of<std::int64_t>({1, 6}, {1, 5, 9, 2, 14, 3});
    return program.run({&tokens, 1})[0];
  }

  static double difference(const Tensor& a, const Tensor& b) {
    double largest = 0;
    for (std::int64_t i = 0; i < a.size(); ++i) {
      largest = std::max(largest, double{std::abs(a.data<float>()[i] - b.data<float>()[i])});
    }
    return largest;
  }

  testing::TempFolder folder_;
};

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
  EXPECT_EQ(config["config_groups"]["group_1"]["targets"], nlohmann::json::array({"model.layers.0.mlp.down_proj"}));
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
  EXPECT_THAT(report.warnings, SizeIs(3));
  EXPECT_THAT(report.warnings,
              Contains("'model.layers.0.mlp.up_proj.weight': its 172 outputs are no multiple of 32; stays float"));
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
            "--include: '*.q_prj' matches no weight; 'zeropoint inspect in' lists them");
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

TEST_F(QuantizeCheckpoint, GptqWritesEveryFormatThatHoldsIt) {
  const Tensor expected = logits(write());
  const CheckpointJob jobs[] = {
      {.format = "plain", .options = {.bits = 3}},
      {.format = "compressed-tensors", .options = {.bits = 4, .block_size = 16}},
      {.format = "compressed-tensors", .options = {.bits = 4, .block_size = 16, .affine = true, .act_order = true}},
      {.format = "gptq", .options = {.bits = 4, .block_size = 32}},
      {.format = "gptq-v2", .options = {.bits = 8, .affine = true}}};
  for (CheckpointJob job : jobs) {
    job.method = "gptq";
    job.data.path = tokens();
    job.force = true;
    const CheckpointReport report = quantize_checkpoint(folder_ / "in", out(), job);
    SCOPED_TRACE(job.format);
    EXPECT_THAT(report.weights, SizeIs(7));
    for (const WeightReport& w : report.weights) {
      EXPECT_LE(w.loss, w.rounding_loss) << w.name;
      EXPECT_GT(w.rounding_loss, 0) << w.name;
      EXPECT_EQ(w.input_rows, 160) << w.name;
    }
    EXPECT_THAT(files(folder_.path()), ElementsAre("in", "out", "tokens.npy"));
    const double d = difference(logits(out()), expected);
    EXPECT_LT(d, 0.5);
    EXPECT_GT(d, 0);
  }
}

TEST_F(QuantizeCheckpoint, GptqScalesHaveTheTypeOfTheirWeight) {
  const auto type = [](const std::string& name) { return name.find("mlp") != name.npos ? DType::f16 : DType::f32; };
  write({.type = type});
  quantize_checkpoint(folder_ / "in", out(),
                      {.method = "gptq", .format = "compressed-tensors", .data = {.path = tokens()}});
  const SafetensorsFile file = SafetensorsFile::open(fs::path(out()) / "model.safetensors");
  int scales = 0;
  for (const SafetensorsEntry& tensor : file.tensors()) {
    if (!tensor.name.ends_with("_scale")) continue;
    EXPECT_EQ(tensor.dtype, type(tensor.name)) << tensor.name;
    ++scales;
  }
  EXPECT_EQ(scales, 7);
  EXPECT_LT(difference(logits(out()), logits(folder_ / "in")), 0.5);
}

TEST_F(QuantizeCheckpoint, GptqTakesColumnsInTheOrderOfTheirActivationsWithoutBlocksToo) {
  write();
  CheckpointJob job{.method = "gptq", .data = {.path = tokens()}, .include = {"*.q_proj"}, .force = true};
  const CheckpointReport in_order = quantize_checkpoint(folder_ / "in", out(), job);
  job.options.act_order = true;
  const CheckpointReport by_activation = quantize_checkpoint(folder_ / "in", out(), job);
  EXPECT_NE(by_activation.weights.front().loss, in_order.weights.front().loss);
  EXPECT_EQ(by_activation.weights.front().rounding_loss, in_order.weights.front().rounding_loss);
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

TEST_F(QuantizeCheckpoint, GptqHasAGridPerOutputWhereBlocksDoNotFit) {
  write({.intermediate = 172});
  const CheckpointReport report = quantize_checkpoint(folder_ / "in", out(),
                                                      {.method = "gptq",
                                                       .format = "compressed-tensors",
                                                       .options = {.bits = 4, .block_size = 32},
                                                       .data = {.path = tokens()}});
  EXPECT_THAT(report.warnings,
              Contains(HasSubstr("blocks of 32 do not divide its 172 columns; has a grid per output")));
  for (const WeightReport& w : report.weights) EXPECT_LE(w.loss, w.rounding_loss) << w.name;
}

TEST_F(QuantizeCheckpoint, AnInterruptedGptqGoesOnWhereItWas) {
  write();
  CheckpointJob job{.method = "gptq",
                    .format = "compressed-tensors",
                    .options = {.bits = 4, .block_size = 32},
                    .data = {.path = tokens()}};
  quantize_checkpoint(folder_ / "in", out("whole"), job);
  job.progress = [](std::int64_t done, std::int64_t) {
    if (done == 12) throw Error(ErrorKind::interrupted, "", "stopped");  // 10 samples, q and k
  };
  try {
    quantize_checkpoint(folder_ / "in", out(), job);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("out.journal, which holds 2 finished weights"));
  }
  EXPECT_THAT(files(folder_.path()), ElementsAre("in", "out.journal", "tokens.npy", "whole"));
  job.progress = nullptr;
  CheckpointJob other = job;
  other.options.bits = 3;
  EXPECT_THAT([&] { quantize_checkpoint(folder_ / "in", out(), other); },
              ThrowsMessage<Error>(HasSubstr("out.journal: holds 2 finished weights of another run")));
  quantize_checkpoint(folder_ / "in", out(), job);
  EXPECT_THAT(files(folder_.path()), ElementsAre("in", "out", "tokens.npy", "whole"));
  for (const std::string& file : files(out())) EXPECT_EQ(bytes(out() + "/" + file), bytes(out("whole") + "/" + file));
}

TEST_F(QuantizeCheckpoint, GptqRefusesBeforeItCalibrates) {
  EXPECT_EQ(refusal({.method = "gptq"}), "--data: is needed: gptq makes up for errors on calibration data");
  const auto refused = [&](CheckpointJob job, const testing::TinyLlama& model) {
    write(model);
    bool has_begun = false;
    job.method = "gptq";
    if (job.data.path.empty()) job.data.path = tokens();
    job.progress = [&](auto, auto) { has_begun = true; };
    std::string text = "no error";
    try {
      quantize_checkpoint(folder_ / "in", out(), job);
    } catch (const Error& e) {
      text = e.what();
    }
    EXPECT_FALSE(has_begun) << text;
    EXPECT_THAT(files(folder_.path()), Not(Contains("out.journal")));
    return text;
  };
  const std::string one_token = folder_ / "short.npy";
  save_npy(Tensor::of<std::int64_t>({3, 1}, {1, 2, 3}), one_token);
  EXPECT_THAT(refused({.data = {.path = one_token}}, {}),
              HasSubstr("short.npy: no sequence has 2 tokens: attention over one token shows gptq nothing"));
  EXPECT_THAT(refused({.format = "plain", .include = {"*"}}, {}),
              HasSubstr("in: 'model.embed_tokens.weight' cannot be quantized by gptq: no product in the model's graph "
                        "reads it; --exclude it"));
  const auto has_nan = [](std::string_view tensor) {
    return testing::TinyLlama{.change = [=](const std::string& name, Tensor& t) {
      if (name == tensor) t.mutable_data<float>()[t.size() - 2] = NAN;
    }};
  };
  EXPECT_THAT(refused({}, has_nan("model.embed_tokens.weight")),  // in a row that no token reads
              HasSubstr("in: 'model.embed_tokens.weight': has a NaN at [15, 62]"));
  EXPECT_THAT(refused({}, has_nan("model.layers.0.mlp.down_proj.weight")),
              HasSubstr("in: model.layers.0.mlp.down_proj.weight: has a NaN at [63, 94]"));
  EXPECT_THAT(files(folder_.path()), Not(Contains("out")));

  std::filesystem::create_directory(out());
  std::ofstream(out("out/notes.txt")) << "mine";
  EXPECT_THAT(refused({}, {}), HasSubstr("exists and is not empty"));
  EXPECT_THAT(files(out()), ElementsAre("notes.txt"));
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

TEST_F(QuantizeCheckpoint, SaysWhatGptqTakesBeforeItStarts) {
  const auto preflight = [&](const std::string& input, const std::string& data) {
    struct Stop {};
    Preflight seen;
    CheckpointJob job{.method = "gptq", .data = {.path = data}};
    job.on_preflight = [&](const Preflight& p) {
      seen = p;
      throw Stop();
    };
    EXPECT_THROW(quantize_checkpoint(input, out(), job), Stop);
    EXPECT_THAT(files(folder_.path()), Not(Contains(::testing::StartsWith("out"))));
    EXPECT_GT(seen.seconds, 0);
    return seen;
  };
  const std::string in = write();
  const Preflight ten = preflight(in, tokens());
  constexpr std::uint64_t kWeights = 4 * 64 * 64 + 3 * 64 * 96;
  EXPECT_EQ(ten.journal_bytes, kWeights + 4 * (4 * 64 + 2 * 96 + 64)) << "codes and scales";

  const auto zeros = [&](std::int64_t sequences) {
    save_npy(Tensor::zeros(DType::i64, {sequences, 16}), folder_ / "zeros.npy");
    return folder_ / "zeros.npy";
  };
  // Of each row 96 inputs of down_proj, 64 of the layers before it, and the residual stream twice.
  EXPECT_EQ(preflight(in, zeros(200)).peak_memory - preflight(in, zeros(100)).peak_memory,
            4U * 1600 * (96 + 64 + 2 * 64));

  quantize_checkpoint(in, folder_ / "int8", {.method = "absmax"});
  EXPECT_EQ(preflight(folder_ / "int8", tokens()).peak_memory - ten.peak_memory, 4 * kWeights) << "decoded";
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

TEST_F(QuantizeCheckpoint, ConversionLosesNothing) {
  quantize_checkpoint(write(), out("gptq"),
                      {.method = "absmax", .format = "gptq", .options = {.bits = 4, .block_size = 32}});
  const Tensor expected = logits(out("gptq"));
  const auto bytes = [&](const std::string& folder) {
    std::ifstream file(fs::path(folder) / "model.safetensors", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  std::string from = out("gptq");
  for (const std::string format : {"compressed-tensors", "plain", "gptq-v2", "pack-quantized", "gptq"}) {
    const std::string to = out("to " + format);
    convert_checkpoint(from, to, {.format = format});
    EXPECT_EQ(difference(logits(to), expected), 0) << format;
    from = to;
  }
  EXPECT_EQ(bytes(from), bytes(out("gptq")));
}

TEST_F(QuantizeCheckpoint, ConversionSaysWhatItTakesBeforeItStarts) {
  quantize_checkpoint(write(), out("int8"), {.method = "absmax"});
  Preflight seen;
  ConvertJob job{.format = "compressed-tensors"};
  job.on_preflight = [&](const Preflight& p) {
    seen = p;
    EXPECT_FALSE(fs::exists(out()));
  };
  convert_checkpoint(out("int8"), out(), job);
  EXPECT_EQ(seen.weights, 7U);
  std::uint64_t written = 0;
  for (const std::string& file : files(out())) written += fs::file_size(fs::path(out()) / file);
  const std::uint64_t config = fs::file_size(fs::path(out()) / "config.json");
  EXPECT_LT(seen.output_bytes, written);
  EXPECT_GT(seen.output_bytes, written - config - 4096) << "the tokenizer counts; a header and config.json do not";
  EXPECT_GT(seen.peak_memory, 64'000'000U + 3 * 96 * 64);
  EXPECT_GT(seen.seconds, 0);
}

TEST_F(QuantizeCheckpoint, ConversionRefusesWhatItWouldChange) {
  const auto refused = [&](const CheckpointJob& job, const std::string& format) {
    const std::string name = out("from");
    CheckpointJob forced = job;
    forced.force = true;
    quantize_checkpoint(folder_ / "in", name, forced);
    try {
      convert_checkpoint(name, out("to"), {.format = format});
    } catch (const Error& e) {
      EXPECT_FALSE(fs::exists(out("to")));
      return std::string(e.what()).substr(name.size());
    }
    return std::string();
  };
  write();
  EXPECT_THAT(refused({.method = "absmax"}, "gptq"), HasSubstr(".weight: scale 0."));
  EXPECT_THAT(refused({.method = "absmax"}, "gptq"), HasSubstr("would be rounded to float16"));
  EXPECT_THAT(refused({.method = "nf4"}, "plain"), HasSubstr("(nf4 block 64) cannot become plain: "));
  EXPECT_THAT(refused({.method = "absmax"}, "bitsandbytes"), HasSubstr("cannot become bitsandbytes"));
}

}  // namespace
}  // namespace zeropoint
