#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/float16.h"
#include "support/run_op.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::IsNan;
using ::zeropoint::testing::counting;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::list;
using ::zeropoint::testing::run_op;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

template <class T>
Tensor vec(std::initializer_list<T> values) {
  return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, values);
}

Tensor halves(std::initializer_list<float> values) {
  Tensor t = Tensor::allocate(DType::f16, {static_cast<std::int64_t>(values.size())});
  std::uint16_t* h = t.mutable_data<std::uint16_t>();
  for (const float value : values) *h++ = f32_to_f16(value);
  return t;
}

template <class T = float>
std::vector<T> values_of(const std::string& op, std::vector<Tensor> inputs,
                         std::vector<std::pair<std::string, AttributeValue>> attributes = {}) {
  return list<T>(
      run_op({.op_type = op, .inputs = std::move(inputs), .attributes = std::move(attributes), .opset = 24})[0]);
}

TEST(Arithmetic, BroadcastsLikeNumpy) {
  const Tensor column = Tensor::of<float>({2, 1}, {10, 20});
  const Tensor row = vec<float>({1, 2, 3});
  const Tensor sum = run_op({.op_type = "Add", .inputs = {column, row}})[0];
  EXPECT_EQ(sum.shape(), (Shape{2, 3}));
  EXPECT_THAT(list<float>(sum), ElementsAre(11, 12, 13, 21, 22, 23));
  EXPECT_THAT(values_of("Sub", {row, Tensor::scalar(1.0F)}), ElementsAre(0, 1, 2));
  EXPECT_THAT(values_of("Div", {Tensor::scalar(6.0F), row}), ElementsAre(6, 3, 2));
}

TEST(Arithmetic, BroadcastsInTheMiddleOfFourDimensions) {
  const Tensor y = run_op(
      {.op_type = "Mul", .inputs = {counting({2, 3, 2, 2}), Tensor::of<float>({3, 1, 2}, {1, 0, 10, 0, 100, 0})}})[0];
  EXPECT_THAT(list<float>(y), ElementsAre(0, 0, 2, 0, 40, 0, 60, 0, 800, 0, 1000, 0,  //
                                          12, 0, 14, 0, 160, 0, 180, 0, 2000, 0, 2200, 0));
}

TEST(Arithmetic, EmptyTensorsStayEmpty) {
  const Tensor y = run_op({.op_type = "Add", .inputs = {Tensor::zeros(DType::f32, {0, 3}), vec<float>({1, 2, 3})}})[0];
  EXPECT_EQ(y.shape(), (Shape{0, 3}));
}

TEST(Arithmetic, IntegersWrapAndDivideTowardsZero) {
  EXPECT_THAT(values_of<std::uint8_t>("Add", {vec<std::uint8_t>({250, 1}), vec<std::uint8_t>({10, 1})}),
              ElementsAre(4, 2));
  EXPECT_THAT(values_of<std::int32_t>("Div", {vec<std::int32_t>({7, -7, 5}), vec<std::int32_t>({2, 2, 0})}),
              ElementsAre(3, -3, 0));
  constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
  EXPECT_THAT(values_of<std::int64_t>("Div", {vec<std::int64_t>({kLowest}), vec<std::int64_t>({-1})}),
              ElementsAre(kLowest));
}

TEST(Arithmetic, HalvesRoundOnce) {
  const Tensor y = run_op({.op_type = "Mul", .inputs = {halves({0.1F, 65504}), halves({3, 2})}})[0];
  EXPECT_EQ(y.dtype(), DType::f16);
  EXPECT_EQ(list<std::uint16_t>(y), (std::vector<std::uint16_t>{f32_to_f16(f16_to_f32(f32_to_f16(0.1F)) * 3), 0x7C00}));
}

TEST(Arithmetic, NamesWhatDoesNotFit) {
  EXPECT_THAT(error_of({.op_type = "Add", .inputs = {counting({2, 3}), counting({2, 4})}}),
              HasSubstr("(Add): shapes [2, 3] and [2, 4] cannot be broadcast together"));
  EXPECT_THAT(error_of({.op_type = "Add", .inputs = {counting({2}), vec<std::int64_t>({1, 2})}}),
              HasSubstr("inputs 0 and 1 have different types, float32 and int64"));
  EXPECT_THAT(error_of({.op_type = "Add", .inputs = {counting({2})}, .opset = 6}), HasSubstr("opset 6 is not offered"));
}

TEST(Variadic, CombinesAnyNumberOfInputs) {
  const Tensor a = vec<float>({1, 5, kNan});
  const Tensor b = vec<float>({4, 2, 1});
  EXPECT_THAT(values_of("Max", {a, b, Tensor::scalar(3.0F)}), ElementsAre(4, 5, IsNan()));
  EXPECT_THAT(values_of("Min", {a, b}), ElementsAre(1, 2, IsNan()));
  EXPECT_THAT(values_of("Sum", {b, b, b}), ElementsAre(12, 6, 3));
  EXPECT_THAT(values_of("Mean", {b, Tensor::scalar(2.0F)}), ElementsAre(3, 2, 1.5));
  EXPECT_THAT(values_of("Sum", {b}), ElementsAre(4, 2, 1));
  EXPECT_THAT(values_of<std::int8_t>("Max", {vec<std::int8_t>({-1}), vec<std::int8_t>({-2})}), ElementsAre(-1));
  EXPECT_THAT(values_of<double>("Mean", {vec<double>({1}), vec<double>({2})}), ElementsAre(1.5));
}

TEST(Comparison, GivesBooleans) {
  const Tensor a = vec<float>({1, 2, kNan});
  const Tensor b = vec<float>({2, 2, kNan});
  EXPECT_THAT(values_of<bool>("Less", {a, b}), ElementsAre(true, false, false));
  EXPECT_THAT(values_of<bool>("GreaterOrEqual", {a, b}), ElementsAre(false, true, false));
  EXPECT_THAT(values_of<bool>("Equal", {a, b}), ElementsAre(false, true, false));
  const std::uint64_t big = std::numeric_limits<std::uint64_t>::max();
  EXPECT_THAT(values_of<bool>("Greater", {vec<std::uint64_t>({big}), vec<std::uint64_t>({1})}), ElementsAre(true));
  EXPECT_THAT(values_of<bool>("Equal", {Tensor::of_strings({2}, {"a", "b"}), Tensor::of_strings({1}, {"b"})}),
              ElementsAre(false, true));
}

TEST(Logic, BooleansAndBits) {
  const Tensor a = vec<bool>({true, true, false});
  const Tensor b = vec<bool>({true, false, false});
  EXPECT_THAT(values_of<bool>("And", {a, b}), ElementsAre(true, false, false));
  EXPECT_THAT(values_of<bool>("Or", {a, b}), ElementsAre(true, true, false));
  EXPECT_THAT(values_of<bool>("Xor", {a, b}), ElementsAre(false, true, false));
  EXPECT_THAT(values_of<bool>("Not", {a}), ElementsAre(false, false, true));
  EXPECT_THAT(values_of<std::uint8_t>("BitwiseNot", {vec<std::uint8_t>({0x0F})}), ElementsAre(0xF0));
  EXPECT_THAT(values_of<std::int32_t>("BitwiseXor", {vec<std::int32_t>({6, -1}), vec<std::int32_t>({3, 1})}),
              ElementsAre(5, -2));
  const AttributeValue left = std::string("LEFT");
  EXPECT_THAT(values_of<std::uint8_t>("BitShift", {vec<std::uint8_t>({3, 200, 1}), vec<std::uint8_t>({1, 1, 9})},
                                      {{"direction", left}}),
              ElementsAre(6, 144, 0));
  EXPECT_THAT(error_of({.op_type = "BitShift", .inputs = {vec<std::uint8_t>({3}), vec<std::uint8_t>({1})}}),
              HasSubstr("direction is ''; it must be LEFT or RIGHT"));
  EXPECT_THAT(error_of({.op_type = "And", .inputs = {vec<float>({3}), vec<float>({1})}}),
              HasSubstr("input 0 is float32, not boolean"));
}

TEST(Math, FunctionsOfOneNumber) {
  EXPECT_THAT(values_of("Round", {vec<float>({0.5, 1.5, -2.5, 2.6F})}), ElementsAre(0, 2, -2, 3));
  EXPECT_THAT(values_of("Sign", {vec<float>({-3, 0, 4, kNan})}), ElementsAre(-1, 0, 1, IsNan()));
  EXPECT_THAT(values_of<std::int8_t>("Abs", {vec<std::int8_t>({-128, -3, 5})}), ElementsAre(-128, 3, 5));
  EXPECT_THAT(values_of<double>("Exp", {vec<double>({1})}), ElementsAre(std::exp(1.0)));
  EXPECT_THAT(values_of("Atanh", {vec<float>({0.5})}), ElementsAre(std::atanh(0.5F)));
  EXPECT_THAT(values_of<bool>("IsNaN", {vec<float>({kNan, 1})}), ElementsAre(true, false));
  EXPECT_THAT(values_of<bool>("IsInf", {vec<float>({kInf, -kInf, kNan})}), ElementsAre(true, true, false));
  EXPECT_THAT(values_of<bool>("IsInf", {vec<float>({kInf, -kInf})}, {{"detect_positive", std::int64_t{0}}}),
              ElementsAre(false, true));
  EXPECT_THAT(error_of({.op_type = "Sin", .inputs = {vec<std::int64_t>({1})}}), HasSubstr("int64 is not offered"));
}

TEST(Activations, UseTheirDefaultsAndTheirAttributes) {
  const Tensor x = vec<float>({-1, 2});
  EXPECT_THAT(values_of("Relu", {x}), ElementsAre(0, 2));
  EXPECT_THAT(values_of("LeakyRelu", {x}), ElementsAre(FloatNear(-0.01F, 1e-7F), 2));
  EXPECT_THAT(values_of("LeakyRelu", {x}, {{"alpha", 0.5F}}), ElementsAre(-0.5, 2));
  EXPECT_THAT(values_of("Shrink", {vec<float>({-1, 0.5, 2})}, {{"lambd", 0.75F}, {"bias", 0.25F}}),
              ElementsAre(-0.75, 0, 1.75));
  EXPECT_THAT(values_of<std::int32_t>("Relu", {vec<std::int32_t>({-5, 5})}), ElementsAre(0, 5));
  EXPECT_THAT(values_of("HardSigmoid", {x}), ElementsAre(FloatNear(0.3F, 1e-7F), FloatNear(0.9F, 1e-7F)));
  EXPECT_THAT(values_of("Selu", {x}), ElementsAre(FloatNear(-1.111331F, 1e-5F), FloatNear(2.101402F, 1e-5F)));
  EXPECT_THAT(values_of("Gelu", {x}), ElementsAre(FloatNear(-0.158655F, 1e-6F), FloatNear(1.954500F, 1e-6F)));
  EXPECT_THAT(values_of<double>("Mish", {vec<double>({2})}), ElementsAre(::testing::DoubleNear(1.943959, 1e-6)));
  EXPECT_THAT(list<std::uint16_t>(run_op({.op_type = "Relu", .inputs = {halves({-1, 2})}})[0]),
              ElementsAre(0, f32_to_f16(2)));
  EXPECT_THAT(error_of({.op_type = "Gelu", .inputs = {x}, .attributes = {{"approximate", std::string("fast")}}}),
              HasSubstr("approximate is 'fast'; it must be none or tanh"));
}

TEST(Elementwise, LargeTensorsAreTheSameAsTheirPieces) {
  constexpr std::int64_t kSize = 100'000;
  Tensor x = counting({kSize});
  const std::vector<float> whole = values_of("Sigmoid", {x});
  const std::vector<float> sum = values_of("Add", {x, x});
  const std::vector<std::uint16_t> half =
      list<std::uint16_t>(run_op({.op_type = "Sin", .inputs = {Tensor::zeros(DType::f16, {kSize})}})[0]);
  for (std::int64_t i = 0; i < kSize; i += 9973) {
    const Tensor one = vec<float>({static_cast<float>(i)});
    EXPECT_EQ(whole[static_cast<std::size_t>(i)], values_of("Sigmoid", {one})[0]);
    EXPECT_EQ(sum[static_cast<std::size_t>(i)], 2.0F * static_cast<float>(i));
    EXPECT_EQ(half[static_cast<std::size_t>(i)], 0);
  }
}

}  // namespace
}  // namespace zeropoint
