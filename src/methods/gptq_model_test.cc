#include "methods/gptq_model.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "executor/program.h"
#include "kernels/dense/dense.h"
#include "support/model_text.h"
#include "support/two_layers.h"
#include "tensor/transpose.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::equal;
using ::testing::HasSubstr;
using testing::model_of;
using testing::normal;
using testing::Outcome;
using testing::quantize;
using testing::Samples;
using testing::samples;
using testing::set;
using ::testing::SizeIs;
using testing::two_layers;

std::string refusal(const Model& model, const Samples& data, const GptqModelOptions& options) {
  try {
    quantize(model, data, options);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

Tensor hessian(const Samples& inputs) {
  GramMatrix sum(inputs[0][0].dim(1));
  for (const auto& x : inputs) sum.add(x[0].data<float>(), x[0].dim(0), x[0].dim(1));
  return sum.finish(2.0F / static_cast<float>(sum.rows()));
}

/// The value r of two_layers() when the first layer has these weights.
Samples hidden(Model model, const Tensor& w1, const Samples& data) {
  set(model, "w1", w1);
  model.graph.outputs = {model.graph.find("r")};
  Program program = Program::compile(model);
  Samples result;
  for (const auto& x : data) result.push_back(program.run(x));
  return result;
}

TEST(GptqModel, TheSecondLayerSeesTheQuantizedFirst) {
  const Model model = two_layers();
  const Samples data = samples();
  const GptqOptions options{.bits = 2};
  const Outcome outcome = quantize(model, data, {.gptq = options});

  const Tensor w1 = model.graph.value(model.graph.find("w1")).constant;
  const Tensor w2 = model.graph.value(model.graph.find("w2")).constant;
  const GptqResult first = gptq(transposed(w1), hessian(data), options, "w1");
  const Samples behind = hidden(model, transposed(dequantize(first.matrix)), data);
  const GptqResult second = gptq(transposed(w2), hessian(behind), options, "w2");
  const GptqResult second_on_float = gptq(transposed(w2), hessian(hidden(model, w1, data)), options, "w2");

  EXPECT_TRUE(equal(outcome.matrices.at("w1"), first.matrix));
  EXPECT_TRUE(equal(outcome.matrices.at("w2"), second.matrix));
  ASSERT_THAT(outcome.report.weights, SizeIs(2));
  EXPECT_EQ(outcome.report.weights[1].gptq.loss, second.report.loss);
  EXPECT_NE(second.report.loss, second_on_float.report.loss);
  EXPECT_EQ(outcome.report.weights[1].name, "w2");
  EXPECT_EQ(outcome.report.weights[1].node, "second");
  EXPECT_EQ(outcome.report.weights[1].rows, 3);
  EXPECT_EQ(outcome.report.weights[1].columns, 6);
  EXPECT_EQ(outcome.report.weights[1].samples, 2);
  EXPECT_EQ(outcome.report.weights[1].input_rows, 16);
}

TEST(GptqModel, WeightsThatReadTheSameRowsShareAHessian) {
  Model model = model_of(
      "g (float32[N, 2] x) => (float32[N, 2] y)\n"
      "<float32[2, 2] q = {1, 2, 3, 4}, float32[2, 2] k = {4, 1, 2, 5}, float32[2, 2] v = {1, 7, 3, 2},\n"
      " float32[2, 2] o = {1, 2, 5, 3}>\n"
      "{ a = MatMul(x, q) b = MatMul(x, k) c = MatMul(x, v) ab = Add(a, b) abc = Add(ab, c) y = MatMul(abc, o) }");
  std::int64_t steps = 0;
  std::int64_t total = 0;
  const Outcome outcome = quantize(model, {{normal({8, 2}, 1)}, {normal({8, 2}, 2)}, {normal({8, 2}, 3)}},
                                   {.on_progress = [&](std::int64_t done, std::int64_t all) {
                                     EXPECT_EQ(done, ++steps);
                                     total = all;
                                   }});
  // Three samples through two layers, and four weights.
  EXPECT_EQ(total, 3 * 2 + 4);
  EXPECT_EQ(steps, total);
  std::vector<std::string> order;
  for (const auto& w : outcome.report.weights) order.push_back(w.name);
  EXPECT_THAT(order, ElementsAre("q", "k", "v", "o"));
}

TEST(GptqModel, FewRowsAreSaidBeforeTheFirstWeight) {
  std::vector<std::string> events;
  const GptqModelOptions options{.on_warning = [&](const std::string& warning) { events.push_back(warning); }};
  const Model model = two_layers();
  gptq_model(model, {{normal({2, 4}, 3)}, {normal({1, 4}, 4)}}, options,
             [&](const QuantizedMatrix&, const GptqWeightReport& report) { events.push_back(report.name); });
  EXPECT_THAT(events, ElementsAre("'w2' gets 3 rows of calibration for 6 inputs (and 1 more weight like it): only "
                                  "damping makes its Hessian regular; give more data",
                                  "w1", "w2"));
}

TEST(GptqModel, FewRowsAreAWarning) {
  const Outcome outcome = quantize(two_layers(), {{normal({5, 4}, 3)}}, {});
  EXPECT_THAT(outcome.report.warnings,
              ElementsAre("'w2' gets 5 rows of calibration for 6 inputs: only damping makes its Hessian regular; "
                          "give more data"));
}

TEST(GptqModel, RefusesBeforeItComputes) {
  Model model = two_layers();
  bool has_begun = false;
  GptqModelOptions options{.on_progress = [&](auto, auto) { has_begun = true; }};
  EXPECT_EQ(refusal(model, {}, options), "calibration data: there is no sample");
  options.gptq.block_size = 4;
  EXPECT_EQ(refusal(model, samples(), options), "test.onnx: w2: it has 6 inputs, which blocks of 4 do not divide");
  options.gptq = {.bits = 5};
  EXPECT_EQ(refusal(model, samples(), options), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
  options.gptq = {};
  options.keep = [](const std::string&) { return "stays"; };
  EXPECT_EQ(refusal(model, samples(), options), "test.onnx: there is no weight to quantize: first: stays");
  options.keep = nullptr;
  Tensor broken = normal({6, 3}, 2);
  broken.mutable_data<float>()[4] = std::numeric_limits<float>::quiet_NaN();
  set(model, "w2", broken);
  EXPECT_EQ(refusal(model, samples(), options),
            "test.onnx: w2: has a NaN at [1, 1] (1 of 18 values), which has no code");
  EXPECT_FALSE(has_begun);
}

TEST(GptqModel, NamesTheWeightWhoseInputsAreNotFinite) {
  Samples data = samples();
  data[1][0].mutable_data<float>()[5] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(refusal(two_layers(), data, {}), HasSubstr("test.onnx: w1: its Hessian has a"));
}

TEST(GptqModel, TheLossIsWhatTheConvolutionLoses) {
  Model model = model_of(
      "g (float32[2, 3, 7, 6] x) => (y) <float32[1] w = {0}>\n"
      "{ y = Conv<strides = [2, 1], pads = [1, 0, 2, 1], dilations = [1, 2]>(x, w) }");
  const Tensor weight = normal({4, 3, 3, 2}, 1);
  set(model, "w", weight);
  const Samples data = {{normal({2, 3, 7, 6}, 2)}};
  const Outcome outcome = quantize(model, data, {.gptq = {.bits = 3}});

  const Tensor exact = Program::compile(model).run(data[0])[0];
  set(model, "w", dequantize(outcome.matrices.at("w")).reshaped(weight.shape()));
  const Tensor coded = Program::compile(model).run(data[0])[0];
  double squares = 0;
  for (std::int64_t i = 0; i < exact.size(); ++i) {
    const double d = double{exact.data<float>()[i]} - double{coded.data<float>()[i]};
    squares += d * d;
  }
  const double positions = static_cast<double>(exact.size()) / 4;
  const GptqWeightReport& report = outcome.report.weights.at(0);
  EXPECT_EQ(report.input_rows, static_cast<std::int64_t>(positions));
  EXPECT_NEAR(report.gptq.loss / (2 * squares / positions), 1, 1e-4);
}

}  // namespace
}  // namespace zeropoint
