// What holds for every range, scheme and value: checked on random ones, tiny, huge and one-sided ranges included.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

constexpr DType kCodeTypes[] = {DType::i2, DType::u2, DType::i4,  DType::u4,
                                DType::i8, DType::u8, DType::i16, DType::u16};

double uniform() { return *rc::gen::inRange(0, 1 << 30) / static_cast<double>(1 << 30); }

/// Magnitudes from 1e-36 to 1e36; sometimes one-sided, sometimes not containing 0.
Range any_range() {
  const double magnitude = std::pow(10.0, 72 * uniform() - 36);
  const double low = magnitude * (2 * uniform() - 1);
  const double high = magnitude * (2 * uniform() - 1);
  return {static_cast<float>(std::min(low, high)), static_cast<float>(std::max(low, high))};
}

Scheme any_scheme() {
  Scheme scheme;
  scheme.dtype = kCodeTypes[*rc::gen::inRange<std::size_t>(0, std::size(kCodeTypes))];
  scheme.symmetric = *rc::gen::arbitrary<bool>();
  scheme.narrow_range = *rc::gen::arbitrary<bool>();
  scheme.power_of_two = *rc::gen::inRange(0, 4) == 0;
  return scheme;
}

Convention any_convention() { return static_cast<Convention>(*rc::gen::inRange(0, 6)); }

std::int32_t code(float x, const Scheme& scheme, QParams q) {
  return quantize_value(x, q.scale, q.zero_point, code_range(scheme));
}

RC_GTEST_PROP(QuantizeProperties, ErrorInsideTheRangeIsAtMostHalfAStep, ()) {
  const Scheme scheme = any_scheme();
  const Range range = any_range();
  const QParams q = choose_qparams(range, scheme);
  const double x = static_cast<float>(range.min + (range.max - range.min) * uniform());
  const double back = dequantize_value(code(static_cast<float>(x), scheme, q), q);
  // Beyond the half: the roundings of scale and of x / scale to float32, which grow with the number of steps, and
  // that of the result.
  const CodeRange codes = code_range(scheme);
  const double steps = static_cast<double>(codes.max) - codes.min;
  RC_ASSERT(std::abs(x - back) <= q.scale * (0.5 + steps * 0x1p-23) + std::abs(x) * 0x1p-23);
}

RC_GTEST_PROP(QuantizeProperties, ZeroIsExactAndItsCodeExists, ()) {
  const Scheme scheme = any_scheme();
  const QParams q = choose_qparams(any_range(), scheme, any_convention());
  const CodeRange codes = code_range(scheme);
  RC_ASSERT(q.zero_point >= codes.min);
  RC_ASSERT(q.zero_point <= codes.max);
  RC_ASSERT(code(0.0F, scheme, q) == q.zero_point);
  RC_ASSERT(dequantize_value(q.zero_point, q) == 0.0F);
}

RC_GTEST_PROP(QuantizeProperties, LargerValuesNeverGetSmallerCodes, ()) {
  const Scheme scheme = any_scheme();
  const Range range = any_range();
  const QParams q = choose_qparams(range, scheme, any_convention());
  const double width = range.max - range.min;
  const auto a = static_cast<float>(range.min + width * (3 * uniform() - 1));
  const auto b = static_cast<float>(range.min + width * (3 * uniform() - 1));
  RC_ASSERT(code(std::min(a, b), scheme, q) <= code(std::max(a, b), scheme, q));
}

RC_GTEST_PROP(QuantizeProperties, CodesSurviveTheRoundTrip, ()) {
  const Scheme scheme = any_scheme();
  const QParams q = choose_qparams(any_range(), scheme, any_convention());
  const CodeRange codes = code_range(scheme);
  const std::int32_t any = *rc::gen::inRange(codes.min, codes.max + 1);
  const float x = dequantize_value(any, q);
  RC_PRE(std::isfinite(x));  // scale * 65535 may leave float32 at the top of its range
  RC_ASSERT(code(x, scheme, q) == any);
}

RC_GTEST_PROP(QuantizeProperties, PowerOfTwoScalesAreTheNextOnes, ()) {
  Scheme scheme = any_scheme();
  const Range range = any_range();
  scheme.power_of_two = false;
  const float plain = choose_qparams(range, scheme).scale;
  scheme.power_of_two = true;
  const float scale = choose_qparams(range, scheme).scale;
  int exponent = 0;
  RC_ASSERT(std::frexp(scale, &exponent) == 0.5F);
  RC_ASSERT(scale >= plain);
  RC_ASSERT(scale < 2 * plain);
}

RC_GTEST_PROP(QuantizeProperties, EffectiveRangeIsWithinHalfAStepOfTheWidenedOne, ()) {
  Scheme scheme = any_scheme();
  scheme.power_of_two = false;
  const Derivation d = derive_qparams(any_range(), scheme);
  RC_PRE(!d.is_scale_raised);
  const double half = d.qparams.scale * (0.5 + (static_cast<double>(d.codes.max) - d.codes.min) * 0x1p-23);
  RC_ASSERT(std::abs(d.effective.min - d.widened.min) <= half);
  RC_ASSERT(std::abs(d.effective.max - d.widened.max) <= half);
}

}  // namespace
}  // namespace zeropoint
