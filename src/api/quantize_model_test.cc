#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "data/npz_writer.h"
#include "exporters/onnx.h"
#include "support/model_text.h"
#include "support/temp_folder.h"
#include "support/tiny_llama.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint {
namespace {

using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using testing::TempFolder;

/// "{0.123, -0.5, ...}": `count` numbers in [-1, 1] from a fixed sequence.
std::string weights(int count) {
  std::mt19937 random(7);
  std::string text;
  for (int i = 0; i < count; ++i)
    text += (i == 0 ? "{" : ", ") + std::to_string(static_cast<float>(random() % 2001) / 1000 - 1);
  return text + "}";
}

/// Conv - Relu - MaxPool - Conv - Softmax over 8 x 8 images.
Model small_network() {
  return testing::model_of(R"(small (float32[N, 1, 8, 8] image) => (float32[N, 3, 1, 1] probability)
<float32[4] b1 = {0.1, -0.1, 0.3, 0}, float32[3] b2 = {0, 0.2, -0.2}, float32[4, 1, 3, 3] w1 = )" +
                           weights(36) + ", float32[3, 4, 3, 3] w2 = " + weights(108) + R"(>
{
  ["conv1"] c1 = Conv(image, w1, b1)
  ["relu1"] r1 = Relu(c1)
  ["pool1"] p1 = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r1)
  ["conv2"] logits = Conv(p1, w2, b2)
  ["softmax"] probability = Softmax<axis = 1>(logits)
}
)");
}

Tensor random_images(std::int64_t count) {
  Tensor images = Tensor::allocate(DType::f32, {count, 1, 8, 8});
  std::mt19937 random(11);
  for (float& pixel : images.mutable_values<float>()) pixel = static_cast<float>(random() % 256) / 255;
  return images;
}

class QuantizeModelTest : public ::testing::Test {
 protected:
  QuantizeModelTest() {
    save_onnx(small_network(), folder_ / "float.onnx");
    save_npy(random_images(20), folder_ / "images.npy");
  }

  QuantizeReport quantize(const std::string& output, QuantizeJob job = {}) const {
    if (job.data.path.empty() && job.statistics.empty()) job.data.path = folder_ / "images.npy";
    return quantize_model(folder_ / "float.onnx", folder_ / output, job);
  }

  std::string bytes(const std::string& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::string refusal(const std::string& output, const QuantizeJob& job) const {
    try {
      quantize(output, job);
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  TempFolder folder_;
};

TEST_F(QuantizeModelTest, WritesAModelThatStaysNear) {
  const QuantizeReport report = quantize("int8.onnx");
  EXPECT_EQ(report.calibration_samples, 20U);
  EXPECT_EQ(report.verification_samples, 8);
  ASSERT_EQ(report.outputs.size(), 1U);
  EXPECT_EQ(report.outputs[0].name, "probability");
  EXPECT_GT(report.outputs[0].sqnr_db, 30);
  EXPECT_THAT(report.warnings, IsEmpty());
  EXPECT_THAT(report.plan.observer,
              ::testing::ContainsRegex("^(mse|minmax) \\(on 8 batches mse gave .* dB, minmax .* dB\\)$"));
  EXPECT_THAT(report.plan.nodes, Contains(Field(&PlanNode::reason, StartsWith("exponentials"))));

  const Network int8 = Network::load(folder_ / "int8.onnx");
  EXPECT_EQ(int8.inputs(), Network::load(folder_ / "float.onnx").inputs());
  EXPECT_EQ(int8.outputs(), Network::load(folder_ / "float.onnx").outputs());
}

TEST_F(QuantizeModelTest, ACheckpointBecomesAnOnnxModel) {
  testing::write_tiny_llama(folder_ / "llama", {});
  Tensor ids = Tensor::allocate(DType::i64, {4, 16});
  std::mt19937 random(5);
  for (std::int64_t& id : ids.mutable_values<std::int64_t>()) id = static_cast<std::int64_t>(random() % 16);
  save_npy(ids, folder_ / "tokens.npy");
  const QuantizeReport report =
      quantize_model(folder_ / "llama", folder_ / "llama.onnx", {.data = {.path = folder_ / "tokens.npy"}});
  EXPECT_GT(report.outputs.at(0).sqnr_db, 20);
  EXPECT_GT(report.input_bytes, 2 * report.output_bytes);
  EXPECT_EQ(Network::load(folder_ / "llama.onnx").outputs().size(), 1U);
}

TEST_F(QuantizeModelTest, BytesDependOnTheInputAlone) {
  set_num_threads(1);
  quantize("one.onnx");
  set_num_threads(2);
  quantize("two.onnx");
  quantize("again.onnx");
  set_num_threads(0);
  EXPECT_EQ(bytes("one.onnx"), bytes("two.onnx"));
  EXPECT_EQ(bytes("two.onnx"), bytes("again.onnx"));
}

TEST_F(QuantizeModelTest, APlanReproducesTheModel) {
  quantize("chosen.onnx", {.save_plan = folder_ / "plan.json"});
  quantize("applied.onnx", {.plan = folder_ / "plan.json"});
  EXPECT_EQ(bytes("chosen.onnx"), bytes("applied.onnx"));
}

TEST_F(QuantizeModelTest, AnEditedPlanIsObeyed) {
  quantize("chosen.onnx", {.save_plan = folder_ / "plan.json"});
  std::string plan = bytes("plan.json");
  const std::string row = "{\"name\": \"conv1\", \"op_type\": \"Conv\", \"quantized\": true}";
  ASSERT_NE(plan.find(row), std::string::npos);
  plan.replace(plan.find(row), row.size(), "{\"name\": \"conv1\", \"op_type\": \"Conv\", \"quantized\": false}");
  folder_.write("edited.json", plan);
  const QuantizeReport report = quantize("edited.onnx", {.plan = folder_ / "edited.json"});
  EXPECT_FALSE(report.plan.nodes[0].is_quantized);
  EXPECT_EQ(report.plan.nodes[0].reason, "the plan says so");
  EXPECT_NE(bytes("chosen.onnx"), bytes("edited.onnx"));
}

TEST_F(QuantizeModelTest, StatisticsReplaceTheDataRun) {
  const Network network = Network::load(folder_ / "float.onnx");
  const Calibration seen = calibrate(network, open_data(network, {.path = folder_ / "images.npy"}));
  EXPECT_EQ(seen.samples(), 20U);
  seen.save(folder_ / "seen.json");
  quantize("direct.onnx", {.options = {.observer = "percentile"}});
  QuantizeJob job{.statistics = folder_ / "seen.json", .options = {.observer = "percentile"}};
  quantize("later.onnx", job);
  EXPECT_EQ(bytes("direct.onnx"), bytes("later.onnx"));

  job.options.observer = "auto";
  const QuantizeReport automatic = quantize("auto.onnx", job);
  EXPECT_EQ(automatic.plan.observer, "mse (auto had no data to compare it with minmax on)");
  EXPECT_THAT(automatic.warnings,
              ::testing::ElementsAre(
                  "no --data was given: the written model was compared on random input, which says little of its "
                  "accuracy; the ranges are those of --statistics"));
}

TEST_F(QuantizeModelTest, EveryTypeOfActivationRuns) {
  for (const DType dtype : {DType::i8, DType::u16, DType::i16}) {
    for (const bool symmetric : {false, true}) {
      const QuantizeReport report =
          quantize("typed.onnx", {.options = {.activations = dtype, .symmetric_activations = symmetric}});
      EXPECT_GT(report.outputs[0].sqnr_db, 25) << name(dtype) << (symmetric ? " symmetric" : "");
    }
  }
  EXPECT_GT(quantize("u8.onnx", {.options = {.weights = DType::u8}}).outputs[0].sqnr_db, 25);
}

TEST_F(QuantizeModelTest, RoundedOutputsKeepTheirName) {
  quantize("rounded.onnx", {.options = {.quantize_outputs = true}});
  const Network rounded = Network::load(folder_ / "rounded.onnx");
  EXPECT_EQ(rounded.outputs()[0].name, "probability");
  const Tensor y = rounded.run(std::vector{Tensor::zeros(DType::f32, {1, 1, 8, 8})})[0];
  for (const float p : y.values<float>()) EXPECT_EQ(p * 256, std::round(p * 256)) << "the fixed grid of Softmax";
}

TEST_F(QuantizeModelTest, RefusesAndLeavesNothing) {
  const std::vector<std::string> before = files();
  EXPECT_EQ(refusal("q.onnx", {.data = {.path = "no.npz"}}).substr(0, 6), "no.npz");
  EXPECT_THAT(refusal("float.onnx", {}), HasSubstr("is the input; it is never overwritten"));
  EXPECT_THAT(refusal("q.onnx", {.options = {.format = "tflite"}}), HasSubstr("choose qdq or qoperator"));
  EXPECT_THAT(refusal("q.onnx", {.options = {.observer = "minmx"}}), HasSubstr("minmax"));
  EXPECT_THAT(refusal("q.onnx", {.options = {.exclude = {"conv9"}}}), HasSubstr("'conv9' matches no node"));
  EXPECT_THAT(refusal("no/folder/q.onnx", {}), HasSubstr("cannot write here"));
  folder_.write("bad.json", "{\"zeropoint_plan\": 1}");
  EXPECT_THAT(refusal("q.onnx", {.plan = folder_ / "bad.json"}), HasSubstr("bad.json: 'format' is missing"));
  std::filesystem::remove(folder_ / "bad.json");
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace zeropoint
