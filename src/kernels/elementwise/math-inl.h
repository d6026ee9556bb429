// Float32 functions on Highway vectors. Each has a scalar twin in reference.cc that computes the same
// steps in the same order, so the two agree bit for bit on every instruction set.
// Accuracy: exp, tanh, sigmoid, erf, log within 3 units in the last place.

#if defined(ZEROPOINT_KERNELS_ELEMENTWISE_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_ELEMENTWISE_MATH_INL_H_
#undef ZEROPOINT_KERNELS_ELEMENTWISE_MATH_INL_H_
#else
#define ZEROPOINT_KERNELS_ELEMENTWISE_MATH_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "kernels/elementwise/math_constants.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// c[0] + c[1] x + c[2] x^2 + ...: Horner, two roundings per step.
template <class D, class V, std::size_t N>
HWY_INLINE V polynomial(D d, V x, const float (&c)[N]) {
  V sum = hn::Set(d, c[N - 1]);
  for (std::size_t i = N - 1; i-- > 0;) sum = hn::Add(hn::Mul(sum, x), hn::Set(d, c[i]));
  return sum;
}

/// y 2^n, rounded once, where y is in [1/2, 2] and n is an integer in [-150, 128].
template <class D, class V>
HWY_INLINE V scale_by_power_of_two(D d, V y, V n) {
#if HWY_TARGET == HWY_AVX3
  if constexpr (hn::MaxLanes(D()) == 16) return V{_mm512_scalef_ps(y.raw, n.raw)};
#endif
  // Two exact factors: n may leave the range of exponents.
  const hn::RebindToSigned<D> di;
  const auto whole = hn::ConvertTo(di, n);
  const auto half = hn::ShiftRight<1>(whole);
  const auto power = [&](auto e) HWY_ATTR { return hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(e, hn::Set(di, 127)))); };
  return hn::Mul(hn::Mul(y, power(half)), power(hn::Sub(whole, half)));
}

template <class D, class V>
HWY_INLINE V vector_exp(D d, V x) {
  // In this order of operands, x86 lets a NaN in x through.
  const V clamped = hn::Min(hn::Set(d, math::kExpHighest), hn::Max(hn::Set(d, math::kExpLowest), x));
  const V n = hn::Round(hn::Mul(clamped, hn::Set(d, math::kLog2E)));
  V r = hn::Sub(clamped, hn::Mul(n, hn::Set(d, math::kLn2High)));
  r = hn::Sub(r, hn::Mul(n, hn::Set(d, math::kLn2Low)));
  const V tail = hn::Mul(hn::Mul(r, r), polynomial(d, r, math::kExp));
  const V y = scale_by_power_of_two(d, hn::Add(hn::Set(d, 1.0F), hn::Add(r, tail)), n);
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR
  return y;
#else
  return hn::IfThenElse(hn::IsNaN(x), x, y);
#endif
}

/// s^3 P(s^2) + 2 s = 2 atanh(s), |s| <= 1/3.
template <class D, class V>
HWY_INLINE V twice_atanh(D d, V s) {
  const V square = hn::Mul(s, s);
  const V tail = hn::Mul(hn::Mul(square, s), polynomial(d, square, math::kLog));
  return hn::Add(hn::Add(s, s), tail);
}

/// log(1 + x) for 0 <= x <= 1.
template <class D, class V>
HWY_INLINE V vector_log1p_unit(D d, V x) {
  return twice_atanh(d, hn::Div(x, hn::Add(hn::Set(d, 2.0F), x)));
}

template <class D, class V>
HWY_INLINE V vector_log(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto subnormal = hn::Lt(x, hn::Set(d, 0x1p-126F));
  const V scaled = hn::IfThenElse(subnormal, hn::Mul(x, hn::Set(d, 0x1p23F)), x);
  const auto bits = hn::BitCast(di, scaled);
  auto n = hn::Sub(hn::ShiftRight<23>(bits), hn::Set(di, 127));
  n = hn::Sub(n, hn::IfThenElseZero(hn::RebindMask(di, subnormal), hn::Set(di, 23)));
  V m = hn::BitCast(d, hn::Or(hn::And(bits, hn::Set(di, 0x007FFFFF)), hn::Set(di, 0x3F800000)));  // [1, 2)
  const auto upper = hn::Ge(m, hn::Set(d, 2 * math::kSqrtHalf));
  m = hn::IfThenElse(upper, hn::Mul(m, hn::Set(d, 0.5F)), m);
  n = hn::Add(n, hn::IfThenElseZero(hn::RebindMask(di, upper), hn::Set(di, 1)));
  const V one = hn::Set(d, 1.0F);
  const V ln_m = twice_atanh(d, hn::Div(hn::Sub(m, one), hn::Add(m, one)));
  const V nf = hn::ConvertTo(d, n);
  V y = hn::Add(hn::Add(ln_m, hn::Mul(nf, hn::Set(d, math::kLn2Low))), hn::Mul(nf, hn::Set(d, math::kLn2High)));
  const V infinity = hn::Inf(d);
  y = hn::IfThenElse(hn::Eq(x, infinity), infinity, y);
  y = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinity), y);
  y = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::NaN(d), y);
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

template <class D, class V>
HWY_INLINE V vector_sigmoid(D d, V x) {
  const V one = hn::Set(d, 1.0F);
  return hn::Div(one, hn::Add(one, vector_exp(d, hn::Neg(x))));
}

template <class D, class V>
HWY_INLINE V vector_tanh(D d, V x) {
  const V magnitude = hn::Abs(x);
  const V square = hn::Mul(x, x);
  const V small = hn::Add(x, hn::Mul(hn::Mul(x, square), polynomial(d, square, math::kTanh)));
  const V one = hn::Set(d, 1.0F);
  const V e = vector_exp(d, hn::Add(magnitude, magnitude));
  const V large = hn::CopySign(hn::Sub(one, hn::Div(hn::Set(d, 2.0F), hn::Add(e, one))), x);
  return hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, math::kTanhSwitch)), small, large);
}

template <class D, class V>
HWY_INLINE V vector_erf(D d, V x) {
  const V square = hn::Mul(x, x);
  const V small = hn::Add(x, hn::Mul(x, polynomial(d, square, math::kErfSmall)));
  const V magnitude = hn::Abs(x);
  const V clamped = hn::Min(magnitude, hn::Set(d, math::kErfHighest));
  const V tail = vector_exp(d, hn::Neg(polynomial(d, clamped, math::kErfLarge)));
  const V large = hn::CopySign(hn::Sub(hn::Set(d, 1.0F), tail), x);
  const V y = hn::IfThenElse(hn::Lt(magnitude, hn::Set(d, math::kErfSwitch)), small, large);
  return hn::IfThenElse(hn::IsNaN(x), x, y);
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
