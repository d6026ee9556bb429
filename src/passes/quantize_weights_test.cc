#include "passes/quantize_weights.h"

#include <gmock/gmock.h>

#include <cmath>
#include <random>

#include "executor/program.h"
#include "graph/text.h"
#include "methods/round_to_nearest.h"
#include "methods/weight_target.h"
#include "support/model_text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;
using testing::model_of;
using ::testing::Not;
using Matrices = std::map<std::string, QuantizedMatrix>;

Tensor normal(const Shape& shape, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> distribution(0, 1);
  Tensor x = Tensor::allocate(DType::f32, shape);
  for (float& value : x.mutable_values<float>()) value = distribution(random);
  return x;
}

/// A product of each kind; 64 inputs for the matrices, 3 * 16 for the kernel.
Model products() {
  Model model = model_of(
      "g (float32[2, 3, 6, 6] image, float32[5, 64] x) => (c, m, t, s)\n"
      "<float32[1] conv = {0}, float32[1] matmul = {0}, float32[1] gemm = {0}, float32[1] scaled = {0},\n"
      " float32[4] bias = {1, 2, 3, 4}>\n"
      "{ [\"c\"] c = Conv(image, conv) [\"m\"] m = MatMul(x, matmul) [\"t\"] t = Gemm<transB = 1>(x, gemm, bias)\n"
      "  [\"s\"] s = Gemm<alpha = 0.5>(x, scaled) }");
  const auto set = [&](std::string_view name, const Shape& shape, unsigned seed) {
    model.graph.value(model.graph.find(name)).constant = normal(shape, seed);
  };
  set("conv", {4, 3, 4, 4}, 1);
  set("matmul", {64, 6}, 2);
  set("gemm", {4, 64}, 3);
  set("scaled", {64, 3}, 4);
  return model;
}

Matrices rounded(const Model& model, const MatrixScheme& scheme) {
  Matrices matrices;
  for (const WeightTarget& target : find_weight_targets(model).targets) {
    matrices[target.name] = round_to_nearest(weight_matrix(model.graph, target), scheme, {}, target.name);
  }
  return matrices;
}

/// The float model with the values that the codes stand for.
Model with_values(Model model, const Matrices& matrices) {
  for (const WeightTarget& target : find_weight_targets(model).targets) {
    model.graph.value(target.constant).constant = as_operand(dequantize(matrices.at(target.name)), target);
  }
  return model;
}

std::vector<Tensor> run(const Model& model) {
  const Tensor inputs[] = {normal({2, 3, 6, 6}, 5), normal({5, 64}, 6)};
  return Program::compile(model).run(inputs);
}

std::string refusal(const MatrixScheme& scheme, OnnxWeightForm form) {
  try {
    check_onnx_weight_form(scheme, form);
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(InsertQuantizedWeights, GivesTheValuesOfTheCodesInBothForms) {
  const MatrixScheme schemes[] = {{.bits = 8, .symmetric = true},
                                  {.bits = 8, .symmetric = true, .per_tensor = true},
                                  {.bits = 4, .symmetric = true},
                                  {.bits = 4, .symmetric = false},
                                  {.bits = 4, .symmetric = true, .block_size = 32},
                                  {.bits = 4, .symmetric = false, .block_size = 16},
                                  {.bits = 3, .symmetric = false, .block_size = 16},
                                  {.bits = 2, .symmetric = true, .block_size = 48}};
  const Model model = products();
  for (const MatrixScheme& scheme : schemes) {
    const Matrices matrices = rounded(model, scheme);
    const std::vector<Tensor> expected = run(with_values(model, matrices));
    for (const OnnxWeightForm form : {OnnxWeightForm::dequantize_linear, OnnxWeightForm::matmul_nbits}) {
      SCOPED_TRACE(::testing::Message() << scheme.bits << " bits, blocks of " << scheme.block_size
                                        << (form == OnnxWeightForm::matmul_nbits ? ", MatMulNBits" : ""));
      Model written = model;
      EXPECT_EQ(insert_quantized_weights(written, matrices, form).done.size(), 4U);
      const std::vector<Tensor> found = run(written);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(found[i].shape(), expected[i].shape());
        for (std::int64_t j = 0; j < found[i].size(); ++j) {
          ASSERT_NEAR(found[i].data<float>()[j], expected[i].data<float>()[j], 2e-4) << "output " << i;
        }
      }
    }
  }
}

TEST(InsertQuantizedWeights, ReadsThroughDequantizeLinearAlongTheInputs) {
  Model model =
      model_of("g (float32[1, 4] x) => (y) <float32[4, 1] w = {1, 2, 4, 8}> { [\"product\"] y = MatMul(x, w) }");
  const QuantizedMatrix matrix{.scheme = {.bits = 4, .symmetric = true, .block_size = 2},
                               .rows = 1,
                               .columns = 4,
                               .codes = Tensor::of<std::int8_t>({1, 4}, {1, 2, -3, 7}),
                               .scales = Tensor::of<float>({1, 2}, {1, 0.5F})};
  insert_quantized_weights(model, {{"w", matrix}}, OnnxWeightForm::dequantize_linear);
  const std::string text = print_graph(model.graph);
  EXPECT_THAT(text, HasSubstr("int4[4, 1] w_quantized = {1, 2, -3, 7}"));
  EXPECT_THAT(text, HasSubstr("float32[2, 1] w_scale = {1, 0.5}"));
  EXPECT_THAT(text, HasSubstr("DequantizeLinear<axis = 0, block_size = 2>(w_quantized, w_scale)"));
  EXPECT_THAT(text, HasSubstr("y = MatMul(x, w_dequantized)"));
  EXPECT_THAT(text, Not(HasSubstr("float32[4, 1] w = "))) << "the float weight is gone";
  EXPECT_EQ(model.opset(), 21);
}

TEST(InsertQuantizedWeights, TakesMatMulNBitsWhereItCanSayTheProduct) {
  Model model = products();
  insert_quantized_weights(model, rounded(model, {.bits = 4, .symmetric = true, .block_size = 16}),
                           OnnxWeightForm::matmul_nbits);
  const std::string text = print_graph(model.graph);
  EXPECT_THAT(text, HasSubstr("m = com.microsoft.MatMulNBits<K = 64, N = 6, bits = 4, block_size = 16>"));
  EXPECT_THAT(text, HasSubstr("t = Add(t_product, bias)"));
  EXPECT_THAT(text, HasSubstr("s = Gemm<alpha = 0.5>(x, scaled_dequantized)"));
  EXPECT_THAT(text, HasSubstr("c = Conv(image, conv_kernel)"));
  EXPECT_EQ(model.opsets.at("com.microsoft"), 1);
}

TEST(InsertQuantizedWeights, RaisesTheOpsetNoMoreThanNeeded) {
  EXPECT_EQ(dequantize_opset({.bits = 8, .per_tensor = true}), 10);
  EXPECT_EQ(dequantize_opset({.bits = 8}), 13);
  EXPECT_EQ(dequantize_opset({.bits = 4}), 21);
  EXPECT_EQ(dequantize_opset({.bits = 8, .block_size = 32}), 21);
}

TEST(InsertQuantizedWeights, RefusesWhatTheFormCannotHold) {
  EXPECT_EQ(refusal({.bits = 4, .block_size = 32, .act_order = true}, OnnxWeightForm::dequantize_linear),
            "--act-order: groups columns in an order that ONNX cannot express; add --static-groups");
  EXPECT_EQ(refusal({.bits = 4, .block_size = 24}, OnnxWeightForm::matmul_nbits),
            "--block-size: MatMulNBits needs a multiple of 16, or whole rows; 24 is neither");
  EXPECT_EQ(refusal({.bits = 4, .block_size = 24}, OnnxWeightForm::dequantize_linear), "no error");
}

}  // namespace
}  // namespace zeropoint
