#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/run_op.h"

// The quantized operators of com.microsoft. Where no formula is beside them, the expected codes are those
// of ONNX Runtime 1.32 on x86.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::list;
using ::zeropoint::testing::OpCall;
using ::zeropoint::testing::run_op;

using Codes = std::vector<Tensor>;

Tensor u8(std::initializer_list<std::uint8_t> values) {
  return Tensor::of<std::uint8_t>({static_cast<std::int64_t>(values.size())}, values);
}
Tensor i8(std::initializer_list<std::int8_t> values) {
  return Tensor::of<std::int8_t>({static_cast<std::int64_t>(values.size())}, values);
}
Tensor zero(int value) { return Tensor::scalar(static_cast<std::uint8_t>(value)); }
Tensor zero8(int value) { return Tensor::scalar(static_cast<std::int8_t>(value)); }
Tensor scale(float value) { return Tensor::scalar(value); }

OpCall microsoft(std::string op, Codes inputs, std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
  return {.op_type = std::move(op),
          .inputs = std::move(inputs),
          .attributes = std::move(attributes),
          .opset = 1,
          .domain = "com.microsoft"};
}

std::vector<int> codes(const OpCall& call) {
  const Tensor y = run_op(call)[0];
  if (y.dtype() == DType::i8) return {y.data<std::int8_t>(), y.data<std::int8_t>() + y.size()};
  return {y.data<std::uint8_t>(), y.data<std::uint8_t>() + y.size()};
}

const Tensor kA = u8({0, 10, 128, 200, 255, 77});
const Tensor kB = u8({255, 3, 100, 50, 128, 77});

TEST(QLinear, AddAndMulOfUint8) {
  const Codes inputs = {kA, scale(0.02F), zero(10), kB, scale(0.05F), zero(100), scale(0.04F), zero(60)};
  EXPECT_THAT(codes(microsoft("QLinearAdd", inputs)), ElementsAre(249, 0, 119, 92, 218, 65));
  EXPECT_THAT(codes(microsoft("QLinearMul", inputs)), ElementsAre(21, 60, 60, 0, 232, 21));
}

TEST(QLinear, AddAndMulOfInt8) {
  const Codes inputs = {i8({-128, -10, 0, 5, 127, 77}),
                        scale(0.02F),
                        zero8(-10),
                        i8({127, 3, -100, 50, -128, 77}),
                        scale(0.05F),
                        zero8(20),
                        scale(0.04F),
                        zero8(-6)};
  EXPECT_THAT(codes(microsoft("QLinearAdd", inputs)), ElementsAre(69, -27, -128, 39, -122, 109));
  EXPECT_THAT(codes(microsoft("QLinearMul", inputs)), ElementsAre(-128, -6, -36, 5, -128, 118));
}

TEST(QLinear, AddBroadcastsAndTakesAbsentZeroPoints) {
  const Tensor column = Tensor::of<std::uint8_t>({2, 1}, {10, 20});
  const Tensor y = run_op(
      microsoft("QLinearAdd", {column, scale(1), Tensor(), u8({1, 2}), scale(2), Tensor(), scale(1), Tensor()}))[0];
  EXPECT_EQ(y.shape(), (Shape{2, 2}));
  EXPECT_THAT(list<std::uint8_t>(y), ElementsAre(12, 14, 22, 24));
}

TEST(QLinear, SigmoidAndLeakyReluThroughTables) {
  EXPECT_THAT(codes(microsoft("QLinearSigmoid", {kA, scale(0.05F), zero(128), scale(1.0F / 256), zero(0)})),
              ElementsAre(0, 1, 128, 249, 255, 19));
  EXPECT_THAT(
      codes(microsoft("QLinearLeakyRelu", {kA, scale(0.05F), zero(128), scale(0.03F), zero(40)}, {{"alpha", 0.1F}})),
      ElementsAre(19, 20, 40, 160, 252, 32));
}

TEST(QLinear, ConcatBringsEveryInputToTheGridOfTheOutput) {
  EXPECT_THAT(codes(microsoft("QLinearConcat",
                              {scale(0.04F), zero(60), kA, scale(0.02F), zero(10), kB, scale(0.05F), zero(100)},
                              {{"axis", std::int64_t{0}}})),
              ElementsAre(55, 60, 119, 155, 183, 94, 254, 0, 60, 0, 95, 31));
  EXPECT_THAT(error_of(microsoft("QLinearConcat", {scale(1), zero(0), kA, scale(1), zero(0),
                                                   Tensor::zeros(DType::u8, {1, 1}), scale(1), zero(0)})),
              HasSubstr("input 5 has rank 2, input 2 has 1"));
}

TEST(QLinear, Where) {
  const Tensor condition = Tensor::of<bool>({6}, {true, false, true, false, true, false});
  EXPECT_THAT(codes(microsoft("QLinearWhere", {condition, kA, scale(0.02F), zero(10), kB, scale(0.05F), zero(100),
                                               scale(0.04F), zero(60)})),
              ElementsAre(55, 0, 119, 0, 183, 31));
}

TEST(QLinear, Softmax) {
  EXPECT_THAT(codes(microsoft("QLinearSoftmax", {kA, scale(0.05F), zero(128), scale(1.0F / 256), zero(0)},
                              {{"axis", std::int64_t{0}}, {"opset", std::int64_t{13}}})),
              ElementsAre(0, 0, 0, 15, 240, 0));
}

TEST(QLinear, AveragesOfPixelsInBothLayouts) {
  const Codes grids = {scale(0.05F), zero(100), scale(0.03F), zero(60)};
  const auto inputs = [&](Tensor x) {
    Codes all = grids;
    all.insert(all.begin(), std::move(x));
    return all;
  };
  const std::pair<std::string, AttributeValue> window = {"kernel_shape", std::vector<std::int64_t>{2, 2}};
  const std::pair<std::string, AttributeValue> last = {"channels_last", std::int64_t{1}};
  const Tensor x = Tensor::of<std::uint8_t>({1, 2, 2, 3}, {0, 10, 128, 200, 255, 77, 1, 2, 3, 4, 5, 6});
  EXPECT_THAT(codes(microsoft("QLinearGlobalAveragePool", inputs(x))), ElementsAre(79, 0));
  EXPECT_THAT(codes(microsoft("QLinearAveragePool", inputs(x), {window})), ElementsAre(87, 89, 0, 0));
  const Tensor y = Tensor::of<std::uint8_t>({1, 2, 3, 2}, {0, 1, 10, 2, 128, 3, 200, 4, 255, 5, 77, 6});
  EXPECT_THAT(codes(microsoft("QLinearGlobalAveragePool", inputs(y), {last})), ElementsAre(79, 0));
  EXPECT_THAT(codes(microsoft("QLinearAveragePool", inputs(y), {window, last})), ElementsAre(87, 0, 89, 0));
}

TEST(MatMulNBits, DequantizesBlocksAlongK) {
  // One row of 16 weights of 4 bits: codes 0, 1, ... 15, low bits first; the zero point is 8, the scale 0.5.
  const Tensor b = Tensor::of<std::uint8_t>({1, 1, 8}, {0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE});
  const std::vector<std::pair<std::string, AttributeValue>> format = {
      {"K", std::int64_t{16}}, {"N", std::int64_t{1}}, {"bits", std::int64_t{4}}, {"block_size", std::int64_t{16}}};
  Tensor a = Tensor::zeros(DType::f32, {16, 16});  // the identity: every weight comes out
  for (std::int64_t i = 0; i < 16; ++i) a.mutable_data<float>()[i * 17] = 1;
  const Tensor y = run_op(microsoft("MatMulNBits", {a, b, Tensor::of<float>({1, 1}, {0.5})}, format))[0];
  EXPECT_EQ(y.shape(), (Shape{16, 1}));
  for (std::int64_t i = 0; i < 16; ++i) EXPECT_EQ(y.data<float>()[i], 0.5F * static_cast<float>(i - 8));
  const Tensor zero_three = Tensor::of<std::uint8_t>({1, 1}, {0x03});
  const Tensor bias = Tensor::of<float>({1}, {100});
  const Tensor z =
      run_op(microsoft("MatMulNBits", {a, b, Tensor::of<float>({1, 1}, {0.5}), zero_three, Tensor(), bias}, format))[0];
  EXPECT_EQ(z.data<float>()[3], 100);
  EXPECT_THAT(error_of(microsoft("MatMulNBits", {a, u8({1}), Tensor::of<float>({1, 1}, {0.5})}, format)),
              HasSubstr("B is uint8 [1]; 8 elements of uint8 are expected"));
}

TEST(QLinear, RefusesWhatItDoesNotOffer) {
  const Tensor wide = Tensor::zeros(DType::u16, {2});
  EXPECT_THAT(error_of(microsoft("QLinearSigmoid", {wide, scale(1), Tensor(), scale(1), Tensor()})),
              HasSubstr("uint16 codes (input 0) are not offered"));
  EXPECT_THAT(
      error_of(microsoft("QLinearAdd", {kA, scale(1), Tensor(), i8({1}), scale(1), Tensor(), scale(1), Tensor()})),
      HasSubstr("inputs 0 and 3 have different types, uint8 and int8"));
}

}  // namespace
}  // namespace zeropoint
