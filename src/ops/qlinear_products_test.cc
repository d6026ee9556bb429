#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "support/run_op.h"

// Products of codes whose operands are constants of the model are checked and packed when the plan is made, others at
// every run: both ways give the same codes.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::list;
using testing::OpCall;
using testing::run_op;

Tensor codes(DType dtype, Shape shape) {
  std::mt19937 random(static_cast<std::uint32_t>(element_count(shape)));
  Tensor t = Tensor::allocate(dtype, std::move(shape));
  for (std::size_t i = 0; i < t.bytes(); ++i) {
    static_cast<std::uint8_t*>(t.mutable_raw())[i] = static_cast<std::uint8_t>(random());
  }
  return t;
}

template <class T>
std::vector<int> both_ways(OpCall call) {
  const auto known = list<T>(run_op(call)[0]);
  call.constants_known = false;
  const auto unknown = list<T>(run_op(call)[0]);
  EXPECT_EQ(known, unknown);
  return {known.begin(), known.end()};
}

const Tensor kX = codes(DType::u8, {2, 3, 5, 6});
const Tensor kW = codes(DType::i8, {4, 3, 3, 3});
const Tensor kXZero = Tensor::scalar(std::uint8_t{117});
const Tensor kWZeros = Tensor::of<std::int8_t>({4}, {0, -128, 127, 5});
const Tensor kScale = Tensor::scalar(0.02F);
const Tensor kScales = Tensor::of<float>({4}, {0.01F, 0.02F, 0.5F, 0.001F});

TEST(QLinearProducts, ConvolutionsOfConstantsAndOfInputsAgree) {
  const std::vector<std::pair<std::string, AttributeValue>> window = {{"pads", std::vector<std::int64_t>{1, 0, 2, 1}},
                                                                      {"strides", std::vector<std::int64_t>{1, 2}}};
  const Tensor bias = Tensor::of<std::int32_t>({4}, {-1000, 0, 2147483647, 5});
  const Tensor y_zero = Tensor::scalar(std::int8_t{-3});
  both_ways<std::int8_t>({.op_type = "QLinearConv",
                          .inputs = {kX, kScale, kXZero, kW, kScales, kWZeros, kScale, y_zero, bias},
                          .attributes = window});
  both_ways<std::int32_t>({.op_type = "ConvInteger", .inputs = {kX, kW, kXZero, kWZeros}, .attributes = window});
  const Tensor x = Tensor::of<std::uint8_t>({1, 1, 2}, {3, 5});
  const Tensor w = Tensor::of<std::int8_t>({1, 1, 2}, {10, -1});
  EXPECT_THAT(both_ways<std::int32_t>({.op_type = "ConvInteger", .inputs = {x, w}}), ElementsAre(25));
}

TEST(QLinearProducts, ConvolutionsHaveNoCeilMode) {
  const Tensor x = Tensor::of<std::uint8_t>({1, 1, 6}, {1, 2, 3, 4, 5, 6});
  const Tensor w = Tensor::of<std::int8_t>({1, 1, 3}, {1, 1, 1});
  EXPECT_THAT(
      testing::error_of({.op_type = "ConvInteger",
                         .inputs = {x, w},
                         .attributes = {{"strides", std::vector<std::int64_t>{2}}, {"ceil_mode", std::int64_t{1}}}}),
      ::testing::HasSubstr("a convolution has no ceil_mode"));
}

TEST(QLinearProducts, MatricesOfConstantsAndOfInputsAgree) {
  const Tensor a = codes(DType::u8, {2, 3, 7});
  const Tensor b = codes(DType::i8, {7, 4});
  both_ways<std::uint8_t>(
      {.op_type = "QLinearMatMul",
       .inputs = {a, kScale, kXZero, b, kScales, kWZeros, kScale, Tensor::scalar(std::uint8_t{9})}});
  both_ways<std::int32_t>({.op_type = "MatMulInteger", .inputs = {a, b, kXZero, kWZeros}});
  const Tensor row = Tensor::of<std::uint8_t>({1, 2}, {3, 5});
  const Tensor column = Tensor::of<std::int8_t>({2}, {10, -1});
  EXPECT_THAT(both_ways<std::int32_t>({.op_type = "MatMulInteger", .inputs = {row, column}}), ElementsAre(25));
}

}  // namespace
}  // namespace zeropoint
