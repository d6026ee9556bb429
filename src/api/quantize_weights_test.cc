#include <gmock/gmock.h>

#include <random>

#include "data/npz_writer.h"
#include "exporters/onnx.h"
#include "support/model_text.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/error.h"
#include "zeropoint/weights.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::ThrowsMessage;

Tensor normal(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, 1);
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

/// float.onnx has two layers of 32; x.npy has samples for it.
class QuantizeWeights : public ::testing::Test {
 protected:
  QuantizeWeights() {
    save_float();
    save_npy(normal({80, 32}, 3), folder_ / "x.npy");
  }

  void save_float(float first_weight = 0.5F) const {
    Model model = testing::model_of(
        "g (float32[N, 32] x) => (float32[N, 8] y) <float32[1] w1 = {0}, float32[1] w2 = {0}>\n"
        "{ [\"first\"] h = MatMul(x, w1) r = Relu(h) [\"second\"] y = MatMul(r, w2) }");
    Tensor w1 = normal({32, 32}, 1);
    w1.mutable_data<float>()[0] = first_weight;
    model.graph.value(model.graph.find("w1")).constant = w1;
    model.graph.value(model.graph.find("w2")).constant = normal({32, 8}, 2);
    save_onnx(model, folder_ / "float.onnx");
  }

  WeightsJob job() const { return {.options = {.block_size = 16}, .data = {.path = folder_ / "x.npy"}}; }

  WeightsReport quantize(std::string_view output, const WeightsJob& job) const {
    return quantize_weights(folder_ / "float.onnx", folder_ / output, job);
  }

  std::string refusal(const WeightsJob& job, std::string_view output = "q.onnx") const {
    try {
      quantize(output, job);
    } catch (const Error& e) {
      EXPECT_THAT(files(), ElementsAre("float.onnx", "x.npy")) << "nothing is left";
      std::string text = e.what();
      const std::string folder = folder_.path().string() + "/";
      for (std::size_t at = text.find(folder); at != std::string::npos; at = text.find(folder)) {
        text.erase(at, folder.size());
      }
      return text;
    }
    return "no error";
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  std::string bytes(std::string_view name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  testing::TempFolder folder_;
};

TEST_F(QuantizeWeights, ReportsWhatGptqGained) {
  for (const char* format : {"onnx-dq", "matmulnbits"}) {
    WeightsJob gptq = job();
    gptq.format = format;
    const WeightsReport report = quantize("q.onnx", gptq);
    ASSERT_THAT(report.weights, SizeIs(2));
    EXPECT_EQ(report.weights[0].weight, "w1");
    EXPECT_EQ(report.weights[1].node, "second");
    EXPECT_EQ(report.weights[1].rows, 8);
    EXPECT_EQ(report.weights[1].columns, 32);
    EXPECT_EQ(report.weights[1].input_rows, 80);
    EXPECT_LT(report.weights[1].loss, report.weights[1].rounding_loss);
    EXPECT_EQ(report.bits, 4);
    EXPECT_EQ(report.calibration_samples, 80);
    EXPECT_EQ(report.resumed, 0);
    EXPECT_THAT(report.warnings, IsEmpty());
    EXPECT_GT(report.outputs.at(0).sqnr_db, 10);
    EXPECT_LT(report.output_bytes, report.input_bytes);
    EXPECT_THAT(files(), ElementsAre("float.onnx", "q.onnx", "x.npy"));
  }
}

TEST_F(QuantizeWeights, GoesOnWhereItWasInterrupted) {
  quantize("whole.onnx", job());
  WeightsJob interrupted = job();
  interrupted.progress = [](std::int64_t done, std::int64_t) {
    if (done == 81) throw Error(ErrorKind::interrupted, "", "interrupted");  // 80 samples and a weight
  };
  try {
    quantize("q.onnx", interrupted);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::interrupted);
    EXPECT_THAT(e.what(), HasSubstr("interrupted; the same command goes on from "));
    EXPECT_THAT(e.what(), HasSubstr("q.onnx.journal, which holds 1 finished weight"));
  }
  EXPECT_THAT(files(), ElementsAre("float.onnx", "q.onnx.journal", "whole.onnx", "x.npy"));
  const WeightsReport report = quantize("q.onnx", job());
  EXPECT_EQ(report.resumed, 1);
  EXPECT_THAT(report.weights, SizeIs(2));
  EXPECT_THAT(files(), ElementsAre("float.onnx", "q.onnx", "whole.onnx", "x.npy"));
  EXPECT_EQ(bytes("q.onnx"), bytes("whole.onnx"));
}

TEST_F(QuantizeWeights, AJournalOfAnotherRunIsKept) {
  WeightsJob interrupted = job();
  interrupted.progress = [](std::int64_t done, std::int64_t) {
    if (done == 81) throw Error(ErrorKind::interrupted, "", "interrupted");
  };
  EXPECT_THROW(quantize("q.onnx", interrupted), Error);
  save_float(0.75F);
  EXPECT_THAT([&] { quantize("q.onnx", job()); },
              ThrowsMessage<Error>(HasSubstr("q.onnx.journal: holds 1 finished weight of another run")));
  WeightsJob forced = job();
  forced.force = true;
  EXPECT_EQ(quantize("q.onnx", forced).resumed, 0);
  EXPECT_THAT(files(), ElementsAre("float.onnx", "q.onnx", "x.npy"));
}

TEST_F(QuantizeWeights, LeavesNoJournalOfNothing) {
  WeightsJob interrupted = job();
  interrupted.progress = [](std::int64_t, std::int64_t) { throw Error(ErrorKind::interrupted, "", "stopped"); };
  EXPECT_EQ(refusal(interrupted), "stopped");
}

TEST_F(QuantizeWeights, RefusesInOneLine) {
  EXPECT_EQ(refusal({}), "--data: is needed: gptq makes up for errors on calibration data");
  EXPECT_EQ(refusal({.method = "absmx"}),
            "--method: unknown method for ONNX models 'absmx'; did you mean 'absmax'? (gptq, absmax, zero-point)");
  EXPECT_EQ(refusal({.format = "matmulnbit"}),
            "--format: unknown format 'matmulnbit'; did you mean 'matmulnbits'? (onnx-dq, matmulnbits)");
  WeightsJob bad = job();
  bad.options.bits = 5;
  EXPECT_EQ(refusal(bad), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
  bad = job();
  bad.format = "matmulnbits";
  bad.options.block_size = 24;
  EXPECT_EQ(refusal(bad), "--block-size: MatMulNBits needs a multiple of 16, or whole rows; 24 is neither");
  bad = job();
  bad.exclude = {"first", "second"};
  EXPECT_THAT(refusal(bad), HasSubstr("float.onnx: there is no weight to quantize: first: "));
  EXPECT_EQ(refusal(job(), "float.onnx"), "--output: 'float.onnx' is the input; it is never overwritten");
  save_float(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(refusal(job()), "float.onnx: w1: has a NaN at [0, 0] (1 of 1024 values), which has no code");
}

/// A checkpoint as the input.
class QuantizeCheckpointToOnnx : public ::testing::Test {
 protected:
  QuantizeCheckpointToOnnx() { testing::write_tiny_llama(folder_ / "in"); }

  WeightsReport quantize(const WeightsJob& job) const {
    return quantize_weights(folder_ / "in", folder_ / "out.onnx", job);
  }

  std::string refusal(const WeightsJob& job) const {
    try {
      quantize(job);
    } catch (const Error& e) {
      std::string text = e.what();
      const std::string folder = folder_.path().string() + "/";
      if (const std::size_t at = text.find(folder); at != std::string::npos) text.erase(at, folder.size());
      return text;
    }
    return "no error";
  }

  testing::TempFolder folder_;
};

TEST_F(QuantizeCheckpointToOnnx, NeedsNoDataToRound) {
  const WeightsReport report = quantize({.method = "absmax", .options = {.bits = 8}});
  EXPECT_THAT(report.warnings, ElementsAre("no --data was given: the written model was compared on made-up tokens"));
  EXPECT_THAT(report.weights, SizeIs(7));
  EXPECT_GT(report.outputs.at(0).sqnr_db, 30);
}

TEST_F(QuantizeCheckpointToOnnx, PatternsNameWeightsOrTheirModules) {
  EXPECT_THAT(quantize({.method = "absmax", .include = {"*_proj"}, .exclude = {"*.mlp.*.weight"}}).weights, SizeIs(4));
  EXPECT_EQ(refusal({.method = "absmax", .include = {"*.q_prj"}}),
            "--include: '*.q_prj' matches no weight; 'zeropoint inspect in --tensors' lists them");
  EXPECT_EQ(refusal({.method = "absmax", .exclude = {"nothing"}}),
            "--exclude: 'nothing' matches no weight; 'zeropoint inspect in --tensors' lists them");
}

}  // namespace
}  // namespace zeropoint
