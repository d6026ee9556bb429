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

/// How x / scale is computed: exactly, all three ways.
enum class Way { multiply, divide, careful };

/// What a vector is divided by.
template <Way kWay>
struct Divisor {
  VF32 hi, lo;  // of the reciprocal; hi is the scale unless the way is to multiply
};

template <Way kWay>
HWY_INLINE Divisor<kWay> make_divisor(const Divider& d) {
  const F32 f;
  return {hn::Set(f, kWay == Way::multiply ? d.hi : d.scale), hn::Set(f, d.lo)};
}

/// The multiplication is exact for this grid, and this instruction set has it.
HWY_INLINE Way fast_way(const Divider& d) { return HWY_NATIVE_FMA != 0 && d.is_exact ? Way::multiply : Way::divide; }

/// make_divider() for whole vectors of scales; `n` is a multiple of kLanes. lo is rougher than there by one rounding.
/// True when the multiplication is exact for all of them, and this instruction set has it.
HWY_INLINE bool PrepareDividers(const float* scale, std::int64_t n, int tie_bits, float* hi, float* lo) {
  if (HWY_NATIVE_FMA == 0) return false;
  const F32 f;
  const U32 u32;
  const VF32 one = hn::Set(f, 1.0F);
  const auto distance = hn::Set(u32, kRoughDistance);
  const auto twice = hn::Set(u32, 2 * kRoughDistance);
  const auto low_bits = hn::Set(u32, (1U << (25 - tie_bits)) - 1);
  auto good = hn::Eq(one, one);
  for (std::int64_t i = 0; i < n; i += kLanes) {
    const VF32 s = hn::LoadU(f, scale + i);
    const VF32 r = hn::Div(one, s);
    hn::StoreU(r, f, hi + i);
    hn::StoreU(hn::Mul(hn::NegMulAdd(r, s, one), r), f, lo + i);  // the remainder 1 - r s is exact
    const auto rest = hn::And(hn::Add(hn::BitCast(u32, s), distance), low_bits);
    const auto far_enough = hn::Or(hn::Gt(rest, twice), hn::Eq(rest, distance));
    const auto in_range = hn::And(hn::Ge(s, hn::Set(f, kSmallestDivisor)), hn::Le(s, hn::Set(f, kLargestDivisor)));
    good = hn::And(good, hn::And(in_range, hn::RebindMask(f, far_enough)));
  }
  return hn::AllTrue(f, good);
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
  HWY_INLINE VI32 steps(const float* from, const Divisor<kWay>& by) {
    const F32 f;
    const VF32 x = hn::LoadU(f, from);
    if constexpr (kWay == Way::multiply) return RoundToInt(hn::MulAdd(x, by.hi, hn::Mul(x, by.lo)));
    if constexpr (kWay == Way::divide) return RoundToInt(hn::Div(x, by.hi));
    const VF32 far_away = hn::Set(f, 32768.0F);  // saturates any 8-bit code, and fits int16
    const VF32 y = hn::Min(hn::Max(hn::Div(x, by.hi), hn::Neg(far_away)), far_away);
    check = hn::MulAdd(x, hn::Zero(f), check);
    return RoundToInt(hn::IfThenElseZero(hn::Eq(x, x), y));
  }
  /// Two vectors of steps, saturated to 16 bits, in the order of NarrowToI16.
  HWY_INLINE VI16 two(const float* x, const Divisor<kWay>& by_a, const Divisor<kWay>& by_b) {
    const VI32 a = steps(x, by_a);
    const VI16 both = NarrowToI16(a, steps(x + kLanes, by_b));
    if constexpr (kWay != Way::careful) smallest = hn::Min(smallest, both);
    return both;
  }
  /// steps + zero points, saturated to the codes, in memory order.
  HWY_INLINE hn::Vec<D8> finish(VI16 ab, VI16 cd, VI16 zero_point_ab, VI16 zero_point_cd) const {
    const auto bytes = NarrowTo(D8(), hn::SaturatedAdd(ab, zero_point_ab), hn::SaturatedAdd(cd, zero_point_cd));
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

  HWY_INLINE hn::Vec<D8> four(const float* x, Codes8<Code, kWay>& codes) const {
    const VI16 ab = codes.two(x, by, by);
    return codes.finish(ab, codes.two(x + kPair, by, by), zero_point, zero_point);
  }

  /// Fewer than a quad, through a padded copy.
  HWY_INLINE void some(const float* x, std::int64_t n, Codes8<Code, kWay>& codes, Code* q) const {
    HWY_ALIGN float in[kQuad] = {};
    HWY_ALIGN Code out[kQuad];
    std::memcpy(in, x, static_cast<std::size_t>(n) * sizeof(float));
    hn::Store(four(in, codes), D8(), out);
    std::memcpy(q, out, static_cast<std::size_t>(n));
  }

  /// Any number. The last quad overlaps the one before it.
  HWY_INLINE void all(const float* x, std::int64_t n, Codes8<Code, kWay>& codes, Code* q) const {
    if (n < kQuad) return n > 0 ? some(x, n, codes, q) : void();
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
