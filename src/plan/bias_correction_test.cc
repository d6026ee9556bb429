#include "plan/bias_correction.h"

#include <gmock/gmock.h>

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

ChannelMeans means(std::initializer_list<float> values) {
  ChannelMeans m;
  m.observe(Tensor::of<float>({1, static_cast<std::int64_t>(values.size())}, values));
  return m;
}

Node node(const char* op_type) { return {.name = op_type, .op_type = op_type}; }

TEST(BiasCorrection, ConvolutionSumsTheErrorOfEachKernel) {
  const Tensor error = Tensor::of<float>({1, 2, 1, 2}, {0.5, 0.25, 1, -3});
  const ChannelMeans m = means({4, 10});
  EXPECT_THAT(bias_correction(node("Conv"), error, &m).values<float>(), ElementsAre(0.75F * 4 - 2.0F * 10));
}

TEST(BiasCorrection, GroupsReadTheirOwnChannels) {
  Node conv = node("Conv");
  conv.set("group", std::int64_t{2});
  const Tensor error = Tensor::of<float>({2, 1, 1, 1}, {0.5, 0.25});
  const ChannelMeans m = means({4, 10});
  EXPECT_THAT(bias_correction(conv, error, &m).values<float>(), ElementsAre(2, 2.5F));
}

TEST(BiasCorrection, GemmInBothOrientations) {
  const Tensor error = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  const ChannelMeans two = means({1, 10});
  const ChannelMeans three = means({1, 10, 100});
  EXPECT_THAT(bias_correction(node("Gemm"), error, &two).values<float>(), ElementsAre(41, 52, 63));
  Node transposed = node("Gemm");
  transposed.set("transB", std::int64_t{1});
  EXPECT_THAT(bias_correction(transposed, error, &three).values<float>(), ElementsAre(321, 654));
}

TEST(BiasCorrection, NeedsMeansThatFit) {
  const Tensor error = Tensor::of<float>({1, 2, 1, 1}, {1, 1});
  const ChannelMeans three = means({1, 10, 100});
  EXPECT_FALSE(bias_correction(node("Conv"), error, nullptr));
  EXPECT_FALSE(bias_correction(node("Conv"), error, &three));
  EXPECT_FALSE(bias_correction(node("ConvTranspose"), error, &three));
}

}  // namespace
}  // namespace zeropoint
