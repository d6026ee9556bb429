#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "integer/test_data.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using testing::exact_code;
using ::testing::HasSubstr;
using testing::kArithmetics;
using testing::RandomTensors;
using testing::reals;

QuantizedTensor u8(std::vector<std::uint8_t> codes, float scale, std::int32_t zero_point) {
  return {Tensor::copy_of<std::uint8_t>({static_cast<std::int64_t>(codes.size())}, codes),
          tensor_qparams({.dtype = DType::u8}, {scale, zero_point})};
}

TensorQParams u8_grid(float scale, std::int32_t zero_point) {
  return tensor_qparams({.dtype = DType::u8}, {scale, zero_point});
}

TEST(IntegerAdd, RescalesBothInputs) {
  const QuantizedTensor a = u8({128, 138, 255}, 0.5F, 128);  // 0, 5, 63.5
  const QuantizedTensor b = u8({0, 10, 200}, 0.1F, 0);       // 0, 1, 20
  for (const Arithmetic arithmetic : kArithmetics) {
    EXPECT_THAT(codes_of(integer::add(a, b, u8_grid(0.25F, 10), arithmetic).codes), ElementsAre(10, 34, 255));
  }
}

TEST(IntegerAdd, CodesMayBeAddedDirectlyOnlyWhenTheScalesAgree) {
  const QuantizedTensor a = u8({10, 100}, 0.5F, 0);
  const QuantizedTensor b = u8({20, 100}, 0.5F, 0);
  EXPECT_THAT(codes_of(integer::add(a, b, u8_grid(0.5F, 0)).codes), ElementsAre(30, 200));
}

TEST(IntegerAdd, TheArithmeticsDifferAtTies) {
  const QuantizedTensor a = u8({1, 3}, 1, 0);
  const QuantizedTensor zero = u8({0}, 1, 0);
  const TensorQParams y = u8_grid(2, 1);  // 1.5 and 2.5 with the zero point
  EXPECT_THAT(codes_of(integer::add(a, zero, y, Arithmetic::onnx).codes), ElementsAre(2, 2));
  EXPECT_THAT(codes_of(integer::add(a, zero, y, Arithmetic::ort_x86).codes), ElementsAre(2, 2));
  EXPECT_THAT(codes_of(integer::add(a, zero, y, Arithmetic::fixed_point).codes), ElementsAre(2, 3));
}

TEST(IntegerMul, MultipliesDifferences) {
  const QuantizedTensor a = u8({128, 138, 118}, 0.5F, 128);  // 0, 5, -5
  const QuantizedTensor b = u8({20}, 0.1F, 0);               // 2
  for (const Arithmetic arithmetic : kArithmetics) {
    EXPECT_THAT(codes_of(integer::mul(a, b, u8_grid(0.1F, 110), arithmetic).codes), ElementsAre(110, 210, 10));
  }
}

TEST(IntegerMul, RefusesProductsThatLeaveInt32) {
  const QuantizedTensor wide{Tensor::of<std::uint16_t>({1}, {65535}), tensor_qparams({.dtype = DType::u16}, {1, 0})};
  try {
    integer::mul(wide, wide, u8_grid(1, 0));
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("4294836225, leaves int32"));
  }
}

TEST(IntegerElementwise, RefusesGridsThatItCannotUse) {
  RandomTensors random(2);
  const QuantizedTensor a = random.tensor(DType::i8, {2, 3});
  const QuantizedTensor rows = random.per_axis_tensor(DType::i8, {2, 3}, 0);
  try {
    integer::add(a, rows, u8_grid(1, 0));
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "integer add: per_axis grids are not offered here; one grid is");
  }
  EXPECT_THROW(integer::add(a, random.tensor(DType::i8, {2, 2}), u8_grid(1, 0)), Error);
  EXPECT_THROW(integer::add(a, random.tensor(DType::i32, {2, 3}), u8_grid(1, 0)), Error);
}

RC_GTEST_PROP(IntegerElementwise, EqualsItsReferenceAndIsNearTheRealResult, (std::uint32_t seed)) {
  RandomTensors random(seed);
  const auto type = [&] { return random.one_of({DType::u8, DType::i8, DType::u4, DType::i4}); };
  const Shape full = {random.integer(1, 3), random.integer(1, 4), random.integer(1, 9)};
  Shape other = random.one_of<Shape>({full, {full[2]}, {full[1], 1}, {}, {full[0], 1, full[2]}});
  QuantizedTensor a = random.tensor(type(), full);
  QuantizedTensor b = random.tensor(type(), other);
  if (random.integer(0, 1) == 1) std::swap(a, b);
  const TensorQParams y = random.grid(type());
  const Arithmetic arithmetic = random.one_of({Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point});
  const QuantizedTensor sum = integer::add(a, b, y, arithmetic);
  const QuantizedTensor product = integer::mul(a, b, y, arithmetic);
  RC_ASSERT(codes_of(sum.codes) == codes_of(integer::reference::add(a, b, y, arithmetic).codes));
  RC_ASSERT(codes_of(product.codes) == codes_of(integer::reference::mul(a, b, y, arithmetic).codes));
  RC_ASSERT(sum.codes.shape() == full);
  if (other != full) return;
  const std::vector<double> left = reals(a);
  const std::vector<double> right = reals(b);
  // Half a step of rounding, and what float32 ratios or Q31 multipliers lose on values up to 2^18 steps.
  constexpr double kTolerance = 0.5 + 0.02;
  // A Q31 multiplier rounds twice: to whole numbers before the right shift, and after it.
  const double product_tolerance = kTolerance + (arithmetic == Arithmetic::fixed_point ? 0.25 : 0);
  for (std::size_t i = 0; i < left.size(); ++i) {
    RC_ASSERT(std::fabs(codes_of(sum.codes)[i] - exact_code(left[i] + right[i], y)) <= kTolerance);
    RC_ASSERT(std::fabs(codes_of(product.codes)[i] - exact_code(left[i] * right[i], y)) <= product_tolerance);
  }
}

}  // namespace
}  // namespace zeropoint
