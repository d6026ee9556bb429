#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/qmul/qmul.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "kernels/pairs-inl.h"
#include "kernels/qmul/qmul.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
void qmul(const Code* a, const Code* b, std::int64_t n, const MulRule& rule, Code* y) {
  reference::qmul(a, b, n, rule, y);
}

#else

/// Products of differences of codes: 18 bits, exact in int32 and in float32.
struct TwoProducts {
  VI32 lower, upper;  // interleaved as NarrowToI16 wants it: narrowing puts them back in order
};
HWY_INLINE TwoProducts products(VI16 a, VI16 b) {
  const I16 i16;
  const I32 i32;
  const VI16 low = hn::Mul(a, b);
  const VI16 high = hn::MulHigh(a, b);
  return {hn::BitCast(i32, hn::InterleaveLower(i16, low, high)), hn::BitCast(i32, hn::InterleaveUpper(i16, low, high))};
}

/// rint(float(product) * m + Z) in float32.
struct OrtMode {
  VF32 multiplier, zero_point;
  explicit OrtMode(const MulRule& r)
      : multiplier(hn::Set(F32(), r.rescale.multiplier)), zero_point(hn::Set(F32(), static_cast<float>(r.zero_y))) {}

  HWY_INLINE VI32 one(VI32 product) const {
    return RoundToInt(AddByFma(hn::Mul(hn::ConvertTo(F32(), product), multiplier), zero_point));
  }
  HWY_INLINE VI16 two(const TwoProducts& p) const { return NarrowToI16(one(p.lower), one(p.upper)); }
};

/// rint(double(product) * m + Z). The float32 product is rounded once, so it decides unless it is a tie itself.
struct OnnxMode {
  VF32 multiplier, half;
  VI16 zero_point;
  double exact_multiplier, exact_zero_point;

  explicit OnnxMode(const MulRule& r)
      : multiplier(hn::Set(F32(), r.rescale.multiplier)),
        half(hn::Set(F32(), 0.5F)),
        zero_point(hn::Set(I16(), static_cast<std::int16_t>(r.zero_y))),
        exact_multiplier(static_cast<double>(r.rescale.multiplier)),
        exact_zero_point(r.zero_y) {}

  HWY_INLINE VI32 exact(VI32 product) const {
    const F64 f64;
    return ThroughF64(product, [&](VF64 p) HWY_ATTR {
      return hn::Add(hn::Mul(p, hn::Set(f64, exact_multiplier)), hn::Set(f64, exact_zero_point));
    });
  }
  HWY_INLINE VI16 two(const TwoProducts& p) const {
    const F32 f;
    const VF32 lower = hn::Mul(hn::ConvertTo(f, p.lower), multiplier);
    const VF32 upper = hn::Mul(hn::ConvertTo(f, p.upper), multiplier);
    const auto distance = [&](VF32 v) HWY_ATTR { return hn::Abs(hn::Sub(v, hn::Round(v))); };
    if (HWY_UNLIKELY(!hn::AllTrue(f, hn::Lt(hn::Max(distance(lower), distance(upper)), half)))) {
      return NarrowToI16(exact(p.lower), exact(p.upper));
    }
    return hn::SaturatedAdd(NarrowToI16(RoundToInt(lower), RoundToInt(upper)), zero_point);
  }
};

template <class Mode, class Code>
void run(const Code* a, const Code* b, std::int64_t n, const MulRule& rule, Code* y) {
  const hn::ScalableTag<Code> d8;
  const Mode mode(rule);
  const VI16 zero_a = hn::Set(I16(), static_cast<std::int16_t>(rule.zero_a));
  const VI16 zero_b = hn::Set(I16(), static_cast<std::int16_t>(rule.zero_b));
  ForEachPair(a, b, n, rule.codes, y, [&](auto u, auto v) HWY_ATTR {
    const VI16 even = mode.two(products(hn::Sub(EvenBytes(u), zero_a), hn::Sub(EvenBytes(v), zero_b)));
    const VI16 odd = mode.two(products(hn::Sub(OddBytes(u), zero_a), hn::Sub(OddBytes(v), zero_b)));
    return JoinEvenOdd(d8, even, odd);
  });
}

template <class Code>
void qmul(const Code* a, const Code* b, std::int64_t n, const MulRule& rule, Code* y) {
  constexpr float kLargestMultiplier = 0x1p14F;  // keeps every product inside int32
  const bool is_tame = rule.rescale.multiplier <= kLargestMultiplier;
  if (!is_tame || rule.arithmetic == Arithmetic::fixed_point) return reference::qmul(a, b, n, rule, y);
  if (rule.arithmetic == Arithmetic::onnx) return run<OnnxMode>(a, b, n, rule, y);
  run<OrtMode>(a, b, n, rule, y);
}

#endif

void mul_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, const MulRule& rule, std::uint8_t* y) {
  qmul(a, b, n, rule, y);
}
void mul_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, const MulRule& rule, std::int8_t* y) {
  qmul(a, b, n, rule, y);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(mul_u8);
HWY_EXPORT(mul_i8);
}  // namespace

void qmul_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, const MulRule& rule, std::uint8_t* y) {
  HWY_DYNAMIC_DISPATCH(mul_u8)(a, b, n, rule, y);
}
void qmul_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, const MulRule& rule, std::int8_t* y) {
  HWY_DYNAMIC_DISPATCH(mul_i8)(a, b, n, rule, y);
}

}  // namespace zeropoint
#endif
