#include "passes/insert_qdq.h"

#include <gmock/gmock.h>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

PlanTensor activation(const std::string& name, float scale, std::int32_t zero_point) {
  return {.name = name, .qparams = tensor_qparams({.dtype = DType::u8}, {scale, zero_point})};
}

constexpr std::string_view kFloat = R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2, 2, 2] y, float32[1, 1, 2, 2] n)
<float32[2, 1, 1, 1] w = {1, -0.5}, float32[2] b = {0.5, 2}, float32[1, 2, 2, 2] c>
{
  ["conv"] c = Conv(x, w, b)
  ["relu"] y = Relu(c)
  ["neg"] n = Neg(x)
}
)";

QuantPlan conv_plan() {
  QuantPlan plan;
  PlanTensor w{.name = "w", .role = TensorRole::weight};
  w.qparams = {.scheme = {.dtype = DType::i8, .symmetric = true, .granularity = Granularity::per_axis, .axis = 0},
               .scales = Tensor::of<float>({2}, {0.0625F, 0.25F}),
               .zero_points = Tensor::zeros(DType::i8, {2})};
  PlanTensor b{.name = "b", .role = TensorRole::bias};
  b.qparams = {.scheme = {.dtype = DType::i32, .symmetric = true, .granularity = Granularity::per_axis, .axis = 0},
               .scales = Tensor::of<float>({2}, {0.03125F, 0.125F}),
               .zero_points = Tensor::zeros(DType::i32, {2})};
  plan.tensors = {activation("x", 0.5F, 128), w, b};
  plan.nodes = {{.name = "conv", .op_type = "Conv", .is_quantized = true},
                {.name = "relu", .op_type = "Relu", .is_quantized = true},
                {.name = "neg", .op_type = "Neg", .reason = "no integer arithmetic"}};
  return plan;
}

std::string applied(std::string_view text, const QuantPlan& plan) {
  Graph graph = parse_graph(text);
  insert_qdq(graph, plan);
  return print_graph(graph);
}

TEST(InsertQdq, WeightsAndBiasBecomeCodesAndFloatReadersKeepFloats) {
  EXPECT_EQ(applied(kFloat, conv_plan()),
            R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2, 2, 2] y, float32[1, 1, 2, 2] n)
<float32[1, 2, 2, 2] c, float32[] x_scale = {0.5}, uint8[] x_zero_point = {128}, int8[2, 1, 1, 1] w_quantized = {16, -2}, float32[2] w_scale = {0.0625, 0.25}, int8[2] w_zero_point = {0, 0}, int32[2] b_quantized = {16, 16}, float32[2] b_scale = {0.03125, 0.125}, int32[2] b_zero_point = {0, 0}>
{
  ["x_QuantizeLinear"] x_quantized = QuantizeLinear(x, x_scale, x_zero_point)
  ["x_DequantizeLinear"] x_dequantized = DequantizeLinear(x_quantized, x_scale, x_zero_point)
  ["w_DequantizeLinear"] w_dequantized = DequantizeLinear<axis = 0>(w_quantized, w_scale, w_zero_point)
  ["b_DequantizeLinear"] b_dequantized = DequantizeLinear<axis = 0>(b_quantized, b_scale, b_zero_point)
  ["conv"] c = Conv(x_dequantized, w_dequantized, b_dequantized)
  ["relu"] y = Relu(c)
  ["neg"] n = Neg(x)
}
)");
}

TEST(InsertQdq, OutputsKeepTheirNameWhenRounded) {
  QuantPlan plan = conv_plan();
  plan.quantize_outputs = true;
  plan.tensors = {activation("y", 0.25F, 0)};
  EXPECT_EQ(applied(kFloat, plan), R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2, 2, 2] y, float32[1, 1, 2, 2] n)
<float32[2, 1, 1, 1] w = {1, -0.5}, float32[2] b = {0.5, 2}, float32[1, 2, 2, 2] c, float32[] y_scale = {0.25}, uint8[] y_zero_point = {0}>
{
  ["conv"] c = Conv(x, w, b)
  ["relu"] y_real = Relu(c)
  ["y_QuantizeLinear"] y_quantized = QuantizeLinear(y_real, y_scale, y_zero_point)
  ["y_DequantizeLinear"] y = DequantizeLinear(y_quantized, y_scale, y_zero_point)
  ["neg"] n = Neg(x)
}
)");
}

TEST(InsertQdq, EveryReaderOfAnIntegerResultReadsItRounded) {
  QuantPlan plan;
  plan.tensors = {activation("h", 0.5F, 0)};
  plan.nodes = {{.name = "first", .op_type = "MatMul", .is_quantized = true},
                {.name = "second", .op_type = "MatMul", .is_quantized = true},
                {.name = "side", .op_type = "Exp"}};
  EXPECT_EQ(applied(R"(main (float32[1, 1] x) => (y, e, h)
<float32[1, 1] w = {1}>
{
  ["first"] h = MatMul(x, w)
  ["second"] y = MatMul(h, w)
  ["side"] e = Exp(h)
}
)",
                    plan),
            R"(main (float32[1, 1] x) => (y, e, h)
<float32[1, 1] w = {1}, float32[] h_scale = {0.5}, uint8[] h_zero_point = {0}>
{
  ["first"] h = MatMul(x, w)
  ["h_QuantizeLinear"] h_quantized = QuantizeLinear(h, h_scale, h_zero_point)
  ["h_DequantizeLinear"] h_dequantized = DequantizeLinear(h_quantized, h_scale, h_zero_point)
  ["second"] y = MatMul(h_dequantized, w)
  ["side"] e = Exp(h_dequantized)
}
)");
}

TEST(InsertQdq, CorrectionIsAddedBeforeRounding) {
  QuantPlan plan = conv_plan();
  plan.tensors[2].correction = Tensor::of<float>({2}, {0.03125, -0.125});
  EXPECT_THAT(applied(kFloat, plan), ::testing::HasSubstr("int32[2] b_quantized = {17, 15}"));
}

TEST(InsertQdq, OpsetFollowsTheGrids) {
  QuantPlan plan;
  plan.tensors = {activation("x", 1, 0)};
  EXPECT_EQ(qdq_opset(plan), 10);
  EXPECT_EQ(qdq_opset(conv_plan()), 13);
  plan.tensors[0].qparams.scheme.dtype = DType::i16;
  EXPECT_EQ(qdq_opset(plan), 21);
}

std::string refusal(const QuantPlan& plan) {
  Graph graph = parse_graph(kFloat);
  try {
    insert_qdq(graph, plan);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_data);
    return e.what();
  }
  return "accepted";
}

TEST(InsertQdq, RefusesPlansOfOtherModels) {
  QuantPlan plan = conv_plan();
  plan.nodes[0].name = "conv7";
  EXPECT_EQ(refusal(plan), "plan: it names node 'conv7', which the model does not have");
  plan = conv_plan();
  plan.nodes[0].op_type = "Gemm";
  EXPECT_EQ(refusal(plan), "plan: node 'conv' is Gemm in the plan and Conv in the model");
  plan = conv_plan();
  plan.nodes.erase(plan.nodes.begin() + 1);
  EXPECT_EQ(refusal(plan), "plan: it has no row for node 'relu' (Relu) of the model; every node wants one");
  plan = conv_plan();
  plan.tensors[1].name = "v";
  EXPECT_EQ(refusal(plan), "plan: it names tensor 'v', which the model does not have");
  plan = conv_plan();
  plan.tensors[0].role = TensorRole::weight;
  EXPECT_EQ(refusal(plan), "plan: tensor 'x' is computed in the model and a weight in the plan");
  plan = conv_plan();
  plan.tensors[2].correction = Tensor::of<float>({1}, {1});
  EXPECT_EQ(refusal(plan), "tensor 'b': the plan corrects 1 elements; it is float32[2]");
  plan = conv_plan();
  plan.tensors[1].qparams.scales = Tensor::of<float>({3}, {1, 1, 1});
  EXPECT_EQ(refusal(plan), "tensor 'w': the plan has scales of shape [3]; its shape [2, 1, 1, 1] needs [2]");
}

}  // namespace
}  // namespace zeropoint
