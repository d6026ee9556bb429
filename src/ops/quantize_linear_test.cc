#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/float16.h"
#include "support/run_op.h"

// QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear. ONNX's node tests cover every type; here are
// the granularities, the awkward values and the refusals.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::zeropoint::testing::counting;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::list;
using ::zeropoint::testing::OpCall;
using ::zeropoint::testing::run_op;

using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

OpCall quantize(std::vector<Tensor> inputs, Attributes attributes = {}) {
  return {.op_type = "QuantizeLinear", .inputs = std::move(inputs), .attributes = std::move(attributes), .opset = 25};
}
OpCall dequantize(std::vector<Tensor> inputs, Attributes attributes = {}) {
  return {.op_type = "DequantizeLinear", .inputs = std::move(inputs), .attributes = std::move(attributes), .opset = 25};
}
Attributes axis(std::int64_t value, std::int64_t block_size = 0) {
  return {{"axis", value}, {"block_size", block_size}};
}

template <class T>
Tensor vec(std::initializer_list<T> values) {
  return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, values);
}
Tensor u8(std::uint8_t value) { return Tensor::scalar(value); }

TEST(QuantizeLinear, PerTensorRoundsHalfToEvenAndSaturates) {
  const Tensor x = vec<float>({0, 2, 3, 1000, -254, -1000});
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({x, Tensor::scalar(2.0F), u8(128)}))[0]),
              ElementsAre(128, 129, 130, 255, 1, 0));
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({x, Tensor::scalar(2.0F)}))[0]), ElementsAre(0, 1, 2, 255, 0, 0));
}

TEST(QuantizeLinear, TheZeroPointIsAddedAfterRounding) {
  const Tensor y = run_op(quantize({vec<float>({3}), Tensor::scalar(2.0F), Tensor::scalar<std::uint16_t>(32767)}))[0];
  EXPECT_THAT(list<std::uint16_t>(y), ElementsAre(32769));
}

TEST(QuantizeLinear, NanBecomesTheZeroPoint) {
  const Tensor x = vec<float>({std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()});
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({x, Tensor::scalar(2.0F), u8(7)}))[0]), ElementsAre(7, 255));
  EXPECT_THAT(list<std::uint16_t>(run_op(quantize({x, Tensor::scalar(2.0F), Tensor::scalar<std::uint16_t>(7)}))[0]),
              ElementsAre(7, 65535));
}

TEST(QuantizeLinear, PerAxisInTheMiddleAndAtTheEnd) {
  const Tensor scale = vec<float>({1, 10});
  const Tensor zero = vec<std::uint8_t>({0, 5});
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({Tensor::of<float>({1, 2, 2}, {1, 2, 30, 40}), scale, zero}))[0]),
              ElementsAre(1, 2, 8, 9));
  EXPECT_THAT(
      list<std::uint8_t>(run_op(quantize({Tensor::of<float>({2, 2}, {1, 20, 3, 40}), scale, zero}, axis(-1)))[0]),
      ElementsAre(1, 7, 3, 9));
}

TEST(QuantizeLinear, BlocksAlongAnyAxisTheLastMayBeShort) {
  const Tensor row = Tensor::of<float>({1, 5}, {1, 2, 30, 40, 500});
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({row, Tensor::of<float>({1, 3}, {1, 10, 100})}, axis(1, 2)))[0]),
              ElementsAre(1, 2, 3, 4, 5));
  const Tensor matrix = Tensor::of<float>({3, 2}, {1, 20, 3, 40, 500, 6000});
  EXPECT_THAT(
      list<std::uint8_t>(run_op(quantize({matrix, Tensor::of<float>({2, 2}, {1, 10, 100, 1000})}, axis(0, 2)))[0]),
      ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(QuantizeLinear, PacksFourBitsAcrossRowsOfOddLength) {
  const Tensor x = Tensor::of<float>({3, 3}, {1, 2, 3, -1, -2, -3, 7, 9, -9});
  const Tensor zero = Tensor::zeros(DType::i4, {3});
  const Tensor y = run_op(quantize({x, vec<float>({1, 1, 1}), zero}, axis(0)))[0];
  EXPECT_EQ(y.dtype(), DType::i4);
  EXPECT_THAT(std::vector<int>(y.data<std::uint8_t>(), y.data<std::uint8_t>() + y.bytes()),
              ElementsAre(0x21, 0xF3, 0xDE, 0x77, 0x08));
  EXPECT_THAT(list<float>(run_op(dequantize({y, vec<float>({1, 2, 3}), zero}, axis(0)))[0]),
              ElementsAre(1, 2, 3, -2, -4, -6, 21, 21, -24));
}

TEST(QuantizeLinear, TheDivisionIsRoundedToTheTypeOfTheScale) {
  Tensor scale = Tensor::allocate(DType::f16, {});
  *scale.mutable_data<std::uint16_t>() = f32_to_f16(0.1F);
  Tensor x = Tensor::allocate(DType::f16, {1});
  *x.mutable_data<std::uint16_t>() = f32_to_f16(0.25F);  // 0.25 / 0.09998 = 2.5006: in float16 2.5, then 2
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({x, scale}))[0]), ElementsAre(2));
  EXPECT_THAT(list<std::uint8_t>(run_op(quantize({x, scale}, {{"precision", std::int64_t{1}}}))[0]), ElementsAre(3));
}

TEST(QuantizeLinear, LargeTensorsAreCutInPieces) {
  const Tensor x = counting({100'000});
  const auto y = list<std::uint16_t>(run_op(quantize({x, Tensor::scalar(2.0F), Tensor::scalar<std::uint16_t>(1)}))[0]);
  for (std::size_t i = 0; i < y.size(); i += 997) EXPECT_EQ(y[i], 1 + std::nearbyint(static_cast<double>(i) / 2)) << i;
}

TEST(QuantizeLinear, RefusesGridsThatDoNotFit) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(error_of(quantize({x, vec<float>({1, 2})})),
              HasSubstr("scale has shape [2]; one value, or 3 along axis 1 are expected"));
  EXPECT_THAT(error_of(quantize({x, vec<float>({1, 2})}, axis(1, 2))),
              HasSubstr("blocks of 2 along axis 1 need [2, 2]"));
  EXPECT_THAT(error_of(quantize({x, vec<float>({1, 2, 3}), vec<std::uint8_t>({1, 2})})),
              HasSubstr("zero point has shape [2], but scale has [3]"));
  EXPECT_THAT(error_of(quantize({x, Tensor::scalar(1.0F)}, {{"output_dtype", std::int64_t{77}}})),
              HasSubstr("output_dtype = 77 names no type"));
  EXPECT_THAT(error_of(quantize({x, Tensor::scalar(1.0F)}, {{"output_dtype", std::int64_t{1}}})),
              HasSubstr("float32 with scale float32 to float32 is not offered"));
}

TEST(DequantizeLinear, EveryGranularity) {
  const Tensor q = Tensor::of<std::int8_t>({2, 2}, {-128, 0, 1, 127});
  EXPECT_THAT(list<float>(run_op(dequantize({q, Tensor::scalar(0.5F), Tensor::scalar<std::int8_t>(1)}))[0]),
              ElementsAre(-64.5, -0.5, 0, 63));
  EXPECT_THAT(list<float>(run_op(dequantize({q, vec<float>({1, 2})}))[0]), ElementsAre(-128, 0, 1, 254));
  EXPECT_THAT(list<float>(run_op(dequantize({q, vec<float>({1, 2})}, axis(0)))[0]), ElementsAre(-128, 0, 2, 254));
  EXPECT_THAT(list<float>(run_op(dequantize({q, Tensor::of<float>({1, 2}, {1, 2})}, axis(0, 2)))[0]),
              ElementsAre(-128, 0, 1, 254));
}

TEST(DequantizeLinear, BiasOfInt32AndAnOutputTypeOfItsOwn) {
  EXPECT_THAT(list<float>(run_op(dequantize({vec<std::int32_t>({-1000000, 3}), Tensor::scalar(0.5F)}))[0]),
              ElementsAre(-500000, 1.5));
  const Tensor half =
      run_op(dequantize({vec<std::uint8_t>({3}), Tensor::scalar(0.5F)}, {{"output_dtype", std::int64_t{10}}}))[0];
  EXPECT_EQ(half.dtype(), DType::f16);
  EXPECT_THAT(list<std::uint16_t>(half), ElementsAre(f32_to_f16(1.5F)));
}

TEST(DynamicQuantizeLinear, TheRangeContainsZero) {
  const auto y =
      run_op({.op_type = "DynamicQuantizeLinear", .inputs = {vec<float>({0, 2, -3, -2.5, 1.34F, 0.5})}, .outputs = 3});
  EXPECT_THAT(list<std::uint8_t>(y[0]), ElementsAre(153, 255, 0, 26, 221, 179));
  EXPECT_EQ(*y[1].data<float>(), 0.0196078438F);
  EXPECT_EQ(*y[2].data<std::uint8_t>(), 153);
}

TEST(DynamicQuantizeLinear, AllZerosHaveScaleOne) {
  const auto y = run_op({.op_type = "DynamicQuantizeLinear", .inputs = {Tensor::zeros(DType::f32, {3})}, .outputs = 3});
  EXPECT_THAT(list<std::uint8_t>(y[0]), ElementsAre(0, 0, 0));
  EXPECT_EQ(*y[1].data<float>(), 1);
}

}  // namespace
}  // namespace zeropoint
