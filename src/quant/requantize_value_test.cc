#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "base/int128.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

constexpr CodeRange kI8{-128, 127};
constexpr CodeRange kU8{0, 255};

TEST(FixedPointMultiplier, MatchesThePublishedTable) {
  EXPECT_EQ(fixed_point_multiplier(0.25), (FixedPointMultiplier{1073741824, -1}));
  EXPECT_EQ(fixed_point_multiplier(0.75), (FixedPointMultiplier{1610612736, 0}));
  EXPECT_EQ(fixed_point_multiplier(1.25), (FixedPointMultiplier{1342177280, 1}));
  EXPECT_EQ(fixed_point_multiplier(0.5 - 1e-10), (FixedPointMultiplier{1073741824, 0}));
  EXPECT_EQ(fixed_point_multiplier(0x1p-33), (FixedPointMultiplier{0, 0}));
  EXPECT_EQ(fixed_point_multiplier(0), (FixedPointMultiplier{0, 0}));
  EXPECT_EQ(fixed_point_multiplier(0x1p40), (FixedPointMultiplier{2147483647, 30}));
}

TEST(FixedPointMultiplier, RoundsHalvesAsDocumented) {
  const FixedPointMultiplier half = fixed_point_multiplier(0.5);  // m0 2^30, shift 0: one rounding, towards +infinity
  EXPECT_EQ(multiply_by_fixed_point(5, half), 3);
  EXPECT_EQ(multiply_by_fixed_point(-5, half), -2);
  const FixedPointMultiplier eighth = fixed_point_multiplier(0.125);  // 4 * 1/8: the shift rounds away from zero
  EXPECT_EQ(multiply_by_fixed_point(4, eighth), 1);
  EXPECT_EQ(multiply_by_fixed_point(-4, eighth), -1);
  // 8 is 1/2 * 2^4: the left shift saturates at 2^31 - 1, which is then halved.
  EXPECT_EQ(multiply_by_fixed_point(1 << 30, fixed_point_multiplier(8)), 1 << 30);
}

TEST(RequantizeValue, ModesDifferAtTiesAsDocumented) {
  const Rescale half = make_rescale(1, 1, 2);
  // acc 3, Z 1: 1.5 + 1 rounds to 2; 1.5 rounds to 2, + 1 = 3.
  EXPECT_EQ(requantize_value(3, half, 1, kI8, Arithmetic::onnx), 2);
  EXPECT_EQ(requantize_value(3, half, 1, kI8, Arithmetic::ort_x86), 3);
  EXPECT_EQ(requantize_value(3, half, 1, kI8, Arithmetic::fixed_point), 3);
  EXPECT_EQ(requantize_value(-3, half, 0, kI8, Arithmetic::onnx), -2);
  EXPECT_EQ(requantize_value(-3, half, 0, kI8, Arithmetic::fixed_point), -1);
}

TEST(RequantizeValue, EveryModeSaturates) {
  for (const Arithmetic mode : {Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point}) {
    EXPECT_EQ(requantize_value(2147483647, make_rescale(1, 1, 1), 7, kU8, mode), 255);
    EXPECT_EQ(requantize_value(-2147483647 - 1, make_rescale(1, 1, 1), 7, kU8, mode), 0);
    EXPECT_EQ(requantize_value(2147483647, make_rescale(1e20F, 1, 1), 7, kU8, mode), 255);
  }
}

/// round(numerator / 2^shift), half to even, in exact integers.
int128 round_half_even(int128 numerator, int shift) {
  const int128 one = int128{1} << shift;
  const int128 floor = numerator >> shift;
  const int128 twice = 2 * (numerator - floor * one);
  if (twice != one) return floor + (twice > one ? 1 : 0);
  return floor + (floor & 1);
}

/// An accumulator, a multiplier of 24 bits times a power of two, a zero point: everything exact in 128 bits.
struct Case {
  std::int32_t acc;
  std::int32_t mantissa;  // [2^23, 2^24)
  int exponent;           // multiplier = mantissa * 2^-exponent
  std::int32_t zero_point;
};

Case any_case() {
  Case c{};
  c.acc = *rc::gen::inRange(-(1 << 29), 1 << 29);
  c.mantissa = *rc::gen::inRange(1 << 23, 1 << 24);
  c.exponent = *rc::gen::inRange(24, 55);
  if (*rc::gen::inRange(0, 4) == 0) {  // ties: a short mantissa
    c.mantissa &= ~0xFFFFF;
    c.acc = *rc::gen::inRange(-4096, 4096);
    c.exponent = *rc::gen::inRange(24, 34);
  }
  c.zero_point = *rc::gen::inRange(-128, 128);
  return c;
}

int128 clamped(int128 value) { return value < -128 ? -128 : value > 127 ? 127 : value; }

RC_GTEST_PROP(RequantizeValue, OnnxModeIsTheExactValueRoundedHalfToEven, ()) {
  const Case c = any_case();
  const Rescale rescale{.multiplier = std::ldexp(static_cast<float>(c.mantissa), -c.exponent)};
  const int128 exact = int128{c.acc} * c.mantissa + (int128{c.zero_point} << c.exponent);
  // acc * m + Z needs more than 53 bits only where it is far outside the codes.
  RC_ASSERT(requantize_value(c.acc, rescale, c.zero_point, kI8) == clamped(round_half_even(exact, c.exponent)));
}

RC_GTEST_PROP(RequantizeValue, OrtModeIsWithinHalfAStepAndItsFloatError, ()) {
  const Case c = any_case();
  const Rescale rescale{.multiplier = std::ldexp(static_cast<float>(c.mantissa), -c.exponent)};
  const std::int32_t got = requantize_value(c.acc, rescale, c.zero_point, kI8, Arithmetic::ort_x86);
  const double exact = std::ldexp(static_cast<double>(c.acc) * c.mantissa, -c.exponent) + c.zero_point;
  RC_ASSERT(std::abs(got - std::min(std::max(exact, -128.0), 127.0)) <= 0.5 + 256 * 0x1p-22);
}

RC_GTEST_PROP(RequantizeValue, FixedPointModeIsTwoExactRoundings, ()) {
  const Case c = any_case();
  const FixedPointMultiplier m = fixed_point_multiplier(std::ldexp(static_cast<double>(c.mantissa), -c.exponent));
  RC_PRE(m.shift <= 0);
  const int128 product = int128{c.acc} * m.m0 + (int128{1} << 30);
  const int128 high = product >> 31;
  const int128 magnitude = high < 0 ? -high : high;
  const int128 half = m.shift == 0 ? 0 : int128{1} << (-m.shift - 1);
  const int128 rounded = (magnitude + half) >> -m.shift;
  RC_ASSERT(multiply_by_fixed_point(c.acc, m) == (high < 0 ? -rounded : rounded));
}

}  // namespace
}  // namespace zeropoint
