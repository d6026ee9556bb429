#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/qadd/qadd.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <cmath>

#include "kernels/pairs-inl.h"
#include "kernels/qadd/qadd.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
void qadd(const Code* a, const Code* b, std::int64_t n, const AddRule& rule, Code* y) {
  reference::qadd(a, b, n, rule, y);
}

#else

/// RN(q * ratio) for byte k of every lane.
struct Scaled {
  VF32 ratio, offset;  // offset = -2^23 * ratio, exactly

  explicit Scaled(float r) : ratio(hn::Set(F32(), r)), offset(hn::Set(F32(), -0x1p23F * r)) {}

  template <int kByte, class V>
  HWY_INLINE VF32 of(V codes) const {
    return hn::Mul(hn::ConvertTo(F32(), ByteOfLanes<kByte>(codes)), ratio);
  }
#if HWY_TARGET == HWY_AVX3
  /// One shuffle puts the code into the mantissa of 2^23; (2^23 + q) * ratio - 2^23 * ratio then rounds only once.
  template <int kByte>
  HWY_INLINE VF32 of(hn::Vec<U8> codes) const {
    HWY_ALIGN static constexpr std::uint8_t kSpread[16] = {kByte,     0, 0, 0, 4 + kByte,  0, 0, 0,
                                                           8 + kByte, 0, 0, 0, 12 + kByte, 0, 0, 0};
    const __m512i order = hn::LoadDup128(U8(), kSpread).raw;
    const __m512i spread =
        _mm512_mask_shuffle_epi8(_mm512_set1_epi32(0x4B000000), 0x1111111111111111, codes.raw, order);
    return hn::MulAdd(VF32{_mm512_castsi512_ps(spread)}, ratio, offset);
  }
#endif
};

/// (fixed_part + q_a r_a) + q_b r_b for byte k of every lane, in float32.
struct Sum {
  VF32 fixed_part;
  Scaled a, b;

  Sum(const AddRule& r, float fixed) : fixed_part(hn::Set(F32(), fixed)), a(r.ratio_a), b(r.ratio_b) {}

  template <int kByte, class V>
  HWY_INLINE VF32 of(V from_a, V from_b) const {
    return hn::Add(hn::Add(fixed_part, a.of<kByte>(from_a)), b.of<kByte>(from_b));
  }
};

/// float32 in ONNX Runtime's order.
template <class Code>
void add_ort(const Code* a, const Code* b, std::int64_t n, const AddRule& rule, Code* y) {
  const Sum sum(rule, rule.fixed_part);
  const hn::ScalableTag<Code> d8;
  ForEachPair(a, b, n, rule.codes, y, [&](auto u, auto v) HWY_ATTR {
    return JoinBytes(d8, RoundToInt(sum.of<0>(u, v)), RoundToInt(sum.of<1>(u, v)), RoundToInt(sum.of<2>(u, v)),
                     RoundToInt(sum.of<3>(u, v)));
  });
}

/// rint of the rule's float64 value for every lane.
HWY_INLINE VI32 exact(const AddRule& rule, VI32 a, VI32 b) {
  const F64 f64;
  const HalfI32 h;
  const VI32 da = hn::Sub(a, hn::Set(I32(), rule.zero_a));
  const VI32 db = hn::Sub(b, hn::Set(I32(), rule.zero_b));
  const auto half = [&](hn::Vec<HalfI32> x, hn::Vec<HalfI32> z) HWY_ATTR {
    const VF64 from_a = hn::Mul(hn::Set(f64, static_cast<double>(rule.ratio_a)), hn::PromoteTo(f64, x));
    const VF64 from_b = hn::Mul(hn::Set(f64, static_cast<double>(rule.ratio_b)), hn::PromoteTo(f64, z));
    return RoundToInt(hn::Add(hn::Add(from_a, from_b), hn::Set(f64, rule.zero_y)));
  };
  return hn::Combine(I32(), half(hn::UpperHalf(h, da), hn::UpperHalf(h, db)),
                     half(hn::LowerHalf(h, da), hn::LowerHalf(h, db)));
}

/// float64, of which float32 is a good guess: only values that it puts next to a tie are computed in float64.
template <class Code>
void add_onnx(const Code* a, const Code* b, std::int64_t n, const AddRule& rule, Code* y) {
  const F32 f;
  const hn::ScalableTag<Code> d8;
  const double ratio_a = rule.ratio_a;
  const double ratio_b = rule.ratio_b;
  const double fixed = rule.zero_y - ratio_a * rule.zero_a - ratio_b * rule.zero_b;
  // Five roundings, each of at most 2^-24 of the sum of all magnitudes.
  const double magnitude = std::abs(fixed) + 256 * ratio_a + 256 * ratio_b;
  const VF32 far_from_tie = hn::Set(f, static_cast<float>(0.5 - 6 * 0x1p-24 * magnitude));
  const Sum sum(rule, static_cast<float>(fixed));
  ForEachPair(a, b, n, rule.codes, y, [&](auto u, auto v) HWY_ATTR {
    const VF32 s0 = sum.of<0>(u, v);
    const VF32 s1 = sum.of<1>(u, v);
    const VF32 s2 = sum.of<2>(u, v);
    const VF32 s3 = sum.of<3>(u, v);
    const auto distance = [&](VF32 s) HWY_ATTR { return hn::Abs(hn::Sub(s, hn::Round(s))); };
    const VF32 worst = hn::Max(hn::Max(distance(s0), distance(s1)), hn::Max(distance(s2), distance(s3)));
    if (HWY_UNLIKELY(!hn::AllTrue(f, hn::Lt(worst, far_from_tie)))) {
      return JoinBytes(
          d8, exact(rule, ByteOfLanes<0>(u), ByteOfLanes<0>(v)), exact(rule, ByteOfLanes<1>(u), ByteOfLanes<1>(v)),
          exact(rule, ByteOfLanes<2>(u), ByteOfLanes<2>(v)), exact(rule, ByteOfLanes<3>(u), ByteOfLanes<3>(v)));
    }
    return JoinBytes(d8, RoundToInt(s0), RoundToInt(s1), RoundToInt(s2), RoundToInt(s3));
  });
}

template <class Code>
void qadd(const Code* a, const Code* b, std::int64_t n, const AddRule& rule, Code* y) {
  constexpr float kLargestRatio = 0x1p16F;  // keeps every sum inside int32
  const bool is_tame = rule.ratio_a <= kLargestRatio && rule.ratio_b <= kLargestRatio;
  if (!is_tame || rule.arithmetic == Arithmetic::fixed_point) return reference::qadd(a, b, n, rule, y);
  if (rule.arithmetic == Arithmetic::onnx) return add_onnx(a, b, n, rule, y);
  add_ort(a, b, n, rule, y);
}

#endif

void add_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, const AddRule& rule, std::uint8_t* y) {
  qadd(a, b, n, rule, y);
}
void add_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, const AddRule& rule, std::int8_t* y) {
  qadd(a, b, n, rule, y);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(add_u8);
HWY_EXPORT(add_i8);
}  // namespace

void qadd_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, const AddRule& rule, std::uint8_t* y) {
  HWY_DYNAMIC_DISPATCH(add_u8)(a, b, n, rule, y);
}
void qadd_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, const AddRule& rule, std::int8_t* y) {
  HWY_DYNAMIC_DISPATCH(add_i8)(a, b, n, rule, y);
}

}  // namespace zeropoint
#endif
