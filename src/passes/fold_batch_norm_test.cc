#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/program.h"
#include "frontends/onnx.h"
#include "passes/passes.h"
#include "support/assets.h"
#include "support/model_text.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;
using testing::lines;
using testing::model_of;

/// A normalization with factor 2 and 3 and shift 1 and -1: scale, B, mean, variance.
constexpr std::string_view kNorm =
    "float32[2] s = {2, 3}, float32[2] b = {21, 29}, float32[2] m = {10, 10}, float32[2] v = {1, 1}";

Model with_norm(std::string_view weights, std::string_view nodes, std::string_view input = "float32[1, 1, 1, 1] x") {
  return model_of(fmt::format("g ({}) => (y)\n<{}, {}>\n{{\n{}\n}}", input, weights, kNorm, nodes), 15);
}

TEST(FoldBatchNorm, IntoConvWithAndWithoutBias) {
  Model plain = with_norm("float32[2, 1, 1, 1] w = {1, -1}",
                          "h = Conv(x, w)\n y = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)");
  EXPECT_EQ(lines(fold_batch_norm(plain).done), "node 'y' (BatchNormalization): folded into node 'h' (Conv)\n");
  EXPECT_EQ(print_graph(plain.graph), R"(g (float32[1, 1, 1, 1] x) => (y)
<float32[2, 1, 1, 1] w = {2, -3}, float32[2] y_bias = {1, -1}>
{
  y = Conv(x, w, y_bias)
}
)");

  Model biased = with_norm("float32[2, 1, 1, 1] w = {1, -1}, float32[2] c = {1, 2}",
                           "h = Conv(x, w, c)\n y = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)");
  fold_batch_norm(biased);
  EXPECT_THAT(print_graph(biased.graph), HasSubstr("float32[2] c = {3, 5}"));
}

TEST(FoldBatchNorm, IntoConvTransposeByGroupAndOutput) {
  Model model = with_norm("float32[2, 1, 1, 1] w = {1, 1}",
                          "h = ConvTranspose<group = 2>(x, w)\n y = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)");
  fold_batch_norm(model);
  EXPECT_THAT(print_graph(model.graph), HasSubstr("w = {2, 3}"));
}

TEST(FoldBatchNorm, IntoGemmWithBetaAndTransposition) {
  Model model = with_norm("float32[2, 2] w = {1, 1, 1, 1}, float32[1, 2] c = {1, 1}",
                          "h = Gemm<transB = 1, beta = 0.5>(x, w, c)\n"
                          "y = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)",
                          "float32[N, 2] x");
  fold_batch_norm(model);
  EXPECT_EQ(print_graph(model.graph), R"(g (float32[N, 2] x) => (y)
<float32[2, 2] w = {2, 2, 3, 3}, float32[2] c = {2, 0.5}>
{
  y = Gemm<transB = 1>(x, w, c)
}
)");
}

TEST(FoldBatchNorm, IntoMatMulAndAnAdd) {
  Model model = with_norm("float32[1, 2] w = {1, 1}",
                          "h = MatMul(x, w)\n [\"norm\"] y = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)",
                          "float32[N, 1] x");
  fold_batch_norm(model);
  EXPECT_EQ(print_graph(model.graph), R"(g (float32[N, 1] x) => (y)
<float32[1, 2] w = {2, 3}, float32[2] y_bias = {1, -1}>
{
  h = MatMul(x, w)
  ["norm"] y = Add(h, y_bias)
}
)");
}

TEST(FoldBatchNorm, OneAfterTheOther) {
  Model model = with_norm("float32[2, 1, 1, 1] w = {1, 1}",
                          "h = Conv(x, w)\n i = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)\n"
                          "y = BatchNormalization<epsilon = 0.0>(i, s, b, m, v)");
  EXPECT_EQ(fold_batch_norm(model).done.size(), 2U);
  EXPECT_EQ(print_graph(model.graph), R"(g (float32[1, 1, 1, 1] x) => (y)
<float32[2, 1, 1, 1] w = {4, 9}, float32[2] i_bias = {3, -4}>
{
  y = Conv(x, w, i_bias)
}
)");
}

TEST(FoldBatchNorm, Float16WeightsStayFloat16) {
  Model model = with_norm("float16[2, 1, 1, 1] w = {0.5, 0.25}",
                          "h = Conv(x, w)\n y = BatchNormalization<epsilon = 0.0>(h, s, b, m, v)");
  fold_batch_norm(model);
  EXPECT_THAT(print_graph(model.graph), HasSubstr("float16[2, 1, 1, 1] w = {1, 0.75}, float16[2] y_bias = {1, -1}"));
}

TEST(FoldBatchNorm, DeclinesWithAReason) {
  const auto reason = [](Model model) { return lines(fold_batch_norm(model).declined); };
  const std::string_view w = "float32[2, 1, 1, 1] w = {1, 1}";
  const std::string_view norm = "y = BatchNormalization(h, s, b, m, v)";
  const auto nodes = [&](std::string_view before) { return std::string(before) + "\n" + std::string(norm); };

  EXPECT_THAT(reason(with_norm(w, nodes("h = Conv(x, w)\n o = Relu(h)"))),
              HasSubstr("the output of node 'h' (Conv) is read elsewhere too"));
  EXPECT_THAT(reason(with_norm(w, nodes("h = Conv(x, w)\n o = Conv(x, w)"))),
              HasSubstr("the weight 'w' of node 'h' (Conv) is shared"));
  EXPECT_THAT(reason(with_norm(w, nodes("h = Relu(x)"))), HasSubstr("its input comes from node 'h' (Relu)"));
  EXPECT_THAT(reason(with_norm(w, nodes("h = Conv(x, x)"))),
              HasSubstr("the weight of node 'h' (Conv) is not constant"));
  EXPECT_THAT(reason(with_norm("float32[3, 1, 1, 1] w = {1, 1, 1}", nodes("h = Conv(x, w)"))),
              HasSubstr("node 'h' (Conv) has 3 channels, the normalization 2"));
  EXPECT_THAT(reason(with_norm("float32[1, 2] w = {1, 1}", nodes("h = MatMul(x, w)"), "x")),
              HasSubstr("is not known to be a matrix"));
  EXPECT_THAT(reason(with_norm(w, "h = Conv(x, w)\n y = BatchNormalization<training_mode = 1>(h, s, b, m, v)")),
              HasSubstr("it is in training mode"));
  EXPECT_THAT(reason(with_norm(w, "h = Conv(x, w)\n y = BatchNormalization<epsilon = -1.0>(h, s, b, m, v)")),
              HasSubstr("variance + epsilon of channel 0 is 0"));
}

TEST(FoldBatchNorm, ARealNetworkComputesTheSame) {
  ZEROPOINT_NEEDS_ASSET("models/resnet20_cifar10.onnx");
  Model model = load_onnx(testing::assets() / "models/resnet20_cifar10.onnx");
  Tensor input = Tensor::allocate(DType::f32, {1, 3, 32, 32});
  for (std::int64_t i = 0; i < input.size(); ++i) {
    input.mutable_data<float>()[i] = static_cast<float>((i * 37) % 101) / 50.0F - 1.0F;
  }
  const std::vector<Tensor> before = Program::compile(model).run({&input, 1});
  EXPECT_EQ(fold_batch_norm(model).done.size(), 19U);
  const std::vector<Tensor> after = Program::compile(model).run({&input, 1});
  for (std::int64_t i = 0; i < before[0].size(); ++i) {
    EXPECT_NEAR(after[0].data<float>()[i], before[0].data<float>()[i], 1e-4);
  }
}

}  // namespace
}  // namespace zeropoint
