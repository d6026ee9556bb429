// What quantizing costs a real language model: perplexity of stories260K on text that calibration did not see.
#include <gtest/gtest.h>

#include <string>

#include "architectures/load_model.h"
#include "methods/observe_importance.h"
#include "report/evaluate.h"
#include "support/assets.h"
#include "support/export_gguf.h"
#include "support/temp_folder.h"
#include "zeropoint/checkpoint.h"

namespace zeropoint {
namespace {

constexpr double kFloat = 6.34;

class Perplexity : public ::testing::Test {
 protected:
  void SetUp() override {
    ZEROPOINT_NEEDS_ASSET("models/stories260K/model.safetensors");
    ZEROPOINT_NEEDS_ASSET("data/tinystories_tokens_test.npz");
    ZEROPOINT_NEEDS_ASSET("data/tinystories_tokens_calibration.npz");
    set_num_threads(1);  // too small a model for more
  }
  void TearDown() override { set_num_threads(0); }

  static double of(const std::filesystem::path& checkpoint) {
    Program program = Program::compile(load_model(checkpoint));
    const auto data = Dataset::open(tokens("test"), program.inputs());
    return evaluate(program, *data, {.metric = "perplexity"}).scores.at(0).value;
  }

  static std::filesystem::path model() { return testing::assets() / "models/stories260K"; }
  static std::string tokens(const std::string& part) {
    return (testing::assets() / "data" / ("tinystories_tokens_" + part + ".npz")).string();
  }

  double quantized(const CheckpointJob& job, CheckpointReport* report = nullptr) const {
    CheckpointJob again = job;
    again.force = true;  // replaces what the last call wrote
    const CheckpointReport done = quantize_checkpoint(model(), folder_ / "out", again);
    if (report != nullptr) *report = done;
    return of(folder_ / "out");
  }

  double as_gguf(const std::string& mix, const Importance* importance = nullptr) const {
    testing::export_gguf(open_checkpoint(model()), {.mix = mix, .importance = importance}, folder_ / "m.gguf");
    return of(folder_ / "m.gguf");
  }

  testing::TempFolder folder_;
};

TEST_F(Perplexity, EightBitsCostNothingThatCounts) {
  EXPECT_NEAR(of(model()), kFloat, 0.005);
  EXPECT_LE(quantized({.method = "absmax", .options = {.bits = 8}}), 6.36);
  EXPECT_LE(quantized({.method = "zero-point", .options = {.bits = 8}}), 6.36);
  EXPECT_LE(quantized({.method = "llm-int8"}), 6.36);
  EXPECT_LE(as_gguf("Q8_0"), 6.36);
}

TEST_F(Perplexity, GptqGivesBackMostOfWhatRoundingToFourBitsTakes) {
  const double rounded = quantized({.method = "absmax", .options = {.bits = 4}});
  CheckpointReport report;
  const double gptq = quantized(
      {.method = "gptq", .format = "plain", .options = {.bits = 4}, .data = {.path = tokens("calibration")}}, &report);
  EXPECT_GT(rounded, 7.5);
  EXPECT_LE(gptq, 6.9);
  EXPECT_EQ(report.weights.size(), 35U);
  for (const WeightReport& weight : report.weights) {
    EXPECT_EQ(weight.encoding, "int4 symmetric per channel") << weight.name;
    EXPECT_LE(weight.loss, weight.rounding_loss) << weight.name;
  }
}

TEST_F(Perplexity, ImportanceHelpsWhereBitsAreFew) {
  const Model float_model = load_model(model());
  const auto data = Dataset::open(tokens("calibration"), declared_inputs(float_model.graph));
  const Importance importance = observe_importance(float_model, *data).means();
  for (const char* mix : {"Q2_K", "Q3_K_M", "Q4_0", "Q4_1", "Q4_K_M"}) {
    EXPECT_LT(as_gguf(mix, &importance), as_gguf(mix)) << mix;
  }
}

}  // namespace
}  // namespace zeropoint
