#include <gmock/gmock.h>

#include <cmath>

#include "frontends/safetensors.h"
#include "support/checkpoint_jobs.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

class QuantizeByGptq : public testing::CheckpointJobs {};

TEST_F(QuantizeByGptq, GptqWritesEveryFormatThatHoldsIt) {
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

TEST_F(QuantizeByGptq, GptqScalesHaveTheTypeOfTheirWeight) {
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

TEST_F(QuantizeByGptq, GptqTakesColumnsInTheOrderOfTheirActivationsWithoutBlocksToo) {
  write();
  CheckpointJob job{.method = "gptq", .data = {.path = tokens()}, .include = {"*.q_proj"}, .force = true};
  const CheckpointReport in_order = quantize_checkpoint(folder_ / "in", out(), job);
  job.options.act_order = true;
  const CheckpointReport by_activation = quantize_checkpoint(folder_ / "in", out(), job);
  EXPECT_NE(by_activation.weights.front().loss, in_order.weights.front().loss);
  EXPECT_EQ(by_activation.weights.front().rounding_loss, in_order.weights.front().rounding_loss);
}

TEST_F(QuantizeByGptq, GptqHasAGridPerOutputWhereBlocksDoNotFit) {
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

TEST_F(QuantizeByGptq, AnInterruptedGptqGoesOnWhereItWas) {
  write();
  CheckpointJob job{.method = "gptq",
                    .format = "compressed-tensors",
                    .options = {.bits = 4, .block_size = 32},
                    .data = {.path = tokens()}};
  EXPECT_EQ(quantize_checkpoint(folder_ / "in", out("whole"), job).resumed, 0);
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
  EXPECT_EQ(quantize_checkpoint(folder_ / "in", out(), job).resumed, 2);
  EXPECT_THAT(files(folder_.path()), ElementsAre("in", "out", "tokens.npy", "whole"));
  for (const std::string& file : files(out())) EXPECT_EQ(bytes(out() + "/" + file), bytes(out("whole") + "/" + file));
}

TEST_F(QuantizeByGptq, GptqRefusesBeforeItCalibrates) {
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

TEST_F(QuantizeByGptq, SaysWhatGptqTakesBeforeItStarts) {
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

}  // namespace
}  // namespace zeropoint
