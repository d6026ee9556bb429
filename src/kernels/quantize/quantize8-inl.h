// The inner part of every float32 to 8-bit kernel: four vectors of x to one vector of codes.
// Included once per instruction set, like simd-inl.h.
//
// The fast way assumes |x / scale| < 2^31. Converting anything else to int32 gives -2^31 on x86, which
// arrives in the narrowed steps as -32768; the smallest steps are kept, and when one of them is -32768
// the block is computed again the careful way, which takes NaN, infinities and outliers in its stride.
#if defined(ZEROPOINT_KERNELS_QUANTIZE8_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_QUANTIZE8_INL_H
#undef ZEROPOINT_KERNELS_QUANTIZE8_INL_H
#else
#define ZEROPOINT_KERNELS_QUANTIZE8_INL_H
#endif

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "kernels/divider.h"
#include "kernels/quantize/quantize.h"
#include "kernels/simd-inl.h"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {

constexpr std::int64_t kLanes = HWY_LANES(float);
constexpr std::int64_t kPair = 2 * kLanes;
constexpr std::int64_t kQuad = 4 * kLanes;

/// How codes are computed; all ways give the same. `multiply` is for codes that fill their type, which needs no clamp.
enum class Way { multiply, multiply_and_clamp, divide, careful };

constexpr bool multiplies(Way way) { return way == Way::multiply || way == Way::multiply_and_clamp; }

/// What a vector is divided by.
template <Way kWay>
struct Divisor {
  VF32 hi, lo;  // of the reciprocal; hi is the scale where the way is to divide
};

template <Way kWay>
HWY_INLINE Divisor<kWay> make_divisor(const Divider& d) {
  const F32 f;
  return {hn::Set(f, multiplies(kWay) ? d.hi : d.scale), hn::Set(f, d.lo)};
}

/// Calls body(way) with the fastest way for these codes; `can_multiply`: the multiplication is exact for all grids.
template <class Code, class Body>
HWY_INLINE bool with_fast_way(bool can_multiply, CodeRange codes, const Body& body) {
  if (HWY_NATIVE_FMA == 0 || !can_multiply) return body(std::integral_constant<Way, Way::divide>());
  const bool fills_type =
      codes.min == std::numeric_limits<Code>::min() && codes.max == std::numeric_limits<Code>::max();
  if (fills_type) return body(std::integral_constant<Way, Way::multiply>());
  return body(std::integral_constant<Way, Way::multiply_and_clamp>());
}

/// A vector of scales in which some may have to divide: the test of is_exact_divisor() on both halves of every word at
/// once. The low half, as a signed number, must be 0 or further than kRoughDistance from it; the high half must be that
/// of a scale well between kSmallestDivisor and kLargestDivisor.
HWY_INLINE bool MayBeInexact(VF32 scale) {
  static_assert(25 - kTieBits8 == 16 && kSmallestDivisor == 0x1p-24F && kLargestDivisor == 0x1p100F);
  constexpr std::uint32_t kMiddle = 0x5280;  // of 0x3380, 2^-24, and 0x7180, 2^100
  constexpr std::uint32_t kHalfWidth = 0x1EFF;
  const I16 i16;
  const hn::RebindToUnsigned<I16> u16;
  const auto both = [](std::uint32_t high, std::uint32_t low)
                        HWY_ATTR { return hn::BitCast(I16(), hn::Set(U32(), high << 16 | low)); };
  const VI16 offset = hn::Abs(hn::Sub(hn::BitCast(i16, scale), both(kMiddle, 0)));
  const VI16 beyond = hn::Sub(offset, both(kHalfWidth + 1, 1));
  return !hn::AllFalse(u16, hn::Lt(hn::BitCast(u16, beyond), hn::BitCast(u16, both(0x8000, kRoughDistance))));
}

/// make_divider() for n scales, in vectors; lo is a little rougher than there. hi and lo have room for whole quads.
/// Returns how many scales must divide, and which, in `inexact`; all of them where there is no fused multiply-add.
HWY_INLINE std::int64_t PrepareDividers(const float* HWY_RESTRICT scale, std::int64_t n, float* HWY_RESTRICT hi,
                                        float* HWY_RESTRICT lo, std::int32_t* HWY_RESTRICT inexact) {
  if (HWY_NATIVE_FMA == 0) return n;
  const F32 f;
  const VF32 one = hn::Set(f, 1.0F);
  std::int64_t count = 0;
  for (std::int64_t i = 0; i < (n + kQuad - 1) / kQuad * kQuad; i += kLanes) {
    const VF32 s = LoadOr(scale + i, n - i, 1.0F);
    const VF32 r = hn::Div(one, s);
    hn::StoreU(r, f, hi + i);
    hn::StoreU(hn::Mul(hn::NegMulAdd(r, s, one), r), f, lo + i);  // the remainder 1 - r s is exact
    if (HWY_LIKELY(!MayBeInexact(s))) continue;
    for (std::int64_t at = i; at < std::min(i + kLanes, n); ++at) {
      if (!is_exact_divisor(scale[at], kTieBits8, kRoughDistance)) inexact[count++] = static_cast<std::int32_t>(at);
    }
  }
  return count;
}

/// Codes of one tensor, and the watch over its data.
template <class Code, Way kWay>
struct Codes8 {
  using D8 = hn::ScalableTag<Code>;
  hn::Vec<D8> lowest, highest;
  VI16 smallest;  // steps so far; -32768 calls for the careful way
  VF32 check;     // careful way: 0, or NaN once an x was not finite

  explicit Codes8(CodeRange codes)
      : lowest(hn::Set(D8(), static_cast<Code>(codes.min))),
        highest(hn::Set(D8(), static_cast<Code>(codes.max))),
        smallest(hn::Zero(I16())),
        check(hn::Zero(F32())) {}

  bool is_suspicious() const { return !hn::AllFalse(I16(), hn::Eq(smallest, hn::Set(I16(), -32768))); }
  bool saw_non_finite() const { return !hn::AllTrue(F32(), hn::Eq(check, hn::Zero(F32()))); }

  /// rint(x / scale).
  HWY_INLINE VI32 steps(VF32 x, const Divisor<kWay>& by) {
    const F32 f;
    if constexpr (multiplies(kWay)) return RoundToInt(hn::MulAdd(x, by.hi, hn::Mul(x, by.lo)));
    if constexpr (kWay == Way::divide) return RoundToInt(hn::Div(x, by.hi));
    const VF32 far_away = hn::Set(f, 32768.0F);  // saturates any 8-bit code, and fits int16
    const VF32 y = hn::Min(hn::Max(hn::Div(x, by.hi), hn::Neg(far_away)), far_away);
    check = hn::MulAdd(x, hn::Zero(f), check);
    return RoundToInt(hn::IfThenElseZero(hn::Eq(x, x), y));
  }
  /// Two vectors of steps, saturated to 16 bits, in the order of NarrowToI16.
  HWY_INLINE VI16 two(VF32 a, const Divisor<kWay>& by_a, VF32 b, const Divisor<kWay>& by_b) {
    const VI16 both = NarrowToI16(steps(a, by_a), steps(b, by_b));
    if constexpr (kWay != Way::careful) smallest = hn::Min(smallest, both);
    return both;
  }
  /// steps + zero points, saturated to the codes, in memory order.
  HWY_INLINE hn::Vec<D8> finish(VI16 ab, VI16 cd, VI16 zero_point_ab, VI16 zero_point_cd) const {
    const auto bytes = NarrowTo(D8(), hn::SaturatedAdd(ab, zero_point_ab), hn::SaturatedAdd(cd, zero_point_cd));
    if constexpr (kWay == Way::multiply) return RestoreOrder(bytes);
    return RestoreOrder(hn::Max(hn::Min(bytes, highest), lowest));
  }
};

/// Elements that all lie on one grid.
template <class Code, Way kWay>
struct OneGrid {
  using D8 = hn::ScalableTag<Code>;
  Divisor<kWay> by;
  VI16 zero_point;

  OneGrid(const Divider& d, std::int32_t z)
      : by(make_divisor<kWay>(d)), zero_point(hn::Set(I16(), static_cast<std::int16_t>(z))) {}

  HWY_INLINE hn::Vec<D8> four(const FourVectors& x, Codes8<Code, kWay>& codes) const {
    const VI16 ab = codes.two(x.a, by, x.b, by);
    return codes.finish(ab, codes.two(x.c, by, x.d, by), zero_point, zero_point);
  }
  HWY_INLINE hn::Vec<D8> four(const float* x, Codes8<Code, kWay>& codes) const { return four(LoadFour(x), codes); }

  /// At most a quad.
  HWY_INLINE void some(const float* x, std::int64_t n, Codes8<Code, kWay>& codes, Code* q) const {
    StoreUpTo(four(LoadUpTo(x, n), codes), D8(), q, n);
  }

  /// Any number. The last quad overlaps the one before it.
  HWY_INLINE void all(const float* x, std::int64_t n, Codes8<Code, kWay>& codes, Code* q) const {
    if (n < kQuad) return some(x, n, codes, q);
    std::int64_t i = 0;
    for (; i + kQuad <= n; i += kQuad) hn::StoreU(four(x + i, codes), D8(), q + i);
    if (i < n) hn::StoreU(four(x + n - kQuad, codes), D8(), q + n - kQuad);
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();
#endif  // HWY_TARGET != HWY_SCALAR
#endif  // guard
