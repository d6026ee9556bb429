// The inner part of every float32 to 8-bit kernel: four vectors of x to one vector of codes.
// Included once per instruction set, like simd-inl.h.
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

constexpr float kFarAway = 32768.0F;  // steps: saturates any 8-bit code, and fits int16
constexpr std::int64_t kQuad = 4 * HWY_LANES(float);
constexpr std::int64_t kPair = 2 * HWY_LANES(float);
constexpr std::int64_t kLanes = HWY_LANES(float);

/// x / scale, by multiplication where divider.h allows it.
template <bool kMultiply>
struct Division {
  VF32 hi, lo;  // of the reciprocal; without kMultiply hi is the scale

  HWY_INLINE VF32 operator()(VF32 x) const { return kMultiply ? hn::MulAdd(x, hi, hn::Mul(x, lo)) : hn::Div(x, hi); }
};

template <bool kMultiply>
HWY_INLINE Division<kMultiply> division(const Divider& d) {
  const F32 f;
  return {hn::Set(f, kMultiply ? d.hi : d.scale), hn::Set(f, d.lo)};
}

/// rint(x / scale), saturated to 16 bits for two vectors, in the order of NarrowToI16.
template <bool kMultiply>
HWY_INLINE VI16 StepsOfTwo(VF32 a, const Division<kMultiply>& by_a, VF32 b, const Division<kMultiply>& by_b) {
  const VF32 far_away = hn::Set(F32(), kFarAway);
  return NarrowToI16(RoundToInt(hn::Min(by_a(a), far_away)), RoundToInt(hn::Min(by_b(b), far_away)));
}

/// What all grids of one tensor share, and the watch over the data.
template <class Code>
struct Codes8 {
  using D8 = hn::ScalableTag<Code>;
  hn::Vec<D8> lowest, highest;
  VF32 check;  // 0, or NaN once an x was not finite

  explicit Codes8(CodeRange codes)
      : lowest(hn::Set(D8(), static_cast<Code>(codes.min))),
        highest(hn::Set(D8(), static_cast<Code>(codes.max))),
        check(hn::Zero(F32())) {}

  HWY_INLINE VF32 load(const float* x) {
    const VF32 v = hn::LoadU(F32(), x);
    check = hn::MulAdd(v, hn::Zero(F32()), check);
    return v;
  }
  bool saw_non_finite() const { return !hn::AllTrue(F32(), hn::Eq(check, hn::Zero(F32()))); }

  /// steps + zero points, saturated to the codes, in memory order.
  HWY_INLINE hn::Vec<D8> finish(VI16 ab, VI16 cd, VI16 zero_point_ab, VI16 zero_point_cd) const {
    const auto bytes = NarrowTo(D8(), hn::SaturatedAdd(ab, zero_point_ab), hn::SaturatedAdd(cd, zero_point_cd));
    return RestoreOrder(hn::Max(hn::Min(bytes, highest), lowest));
  }
};

/// One quad on one grid.
template <class Code, bool kMultiply>
struct OneGrid {
  Division<kMultiply> divide;
  VI16 zero_point;

  OneGrid(const Divider& d, std::int32_t z)
      : divide(division<kMultiply>(d)), zero_point(hn::Set(I16(), static_cast<std::int16_t>(z))) {}

  template <bool kStream>
  HWY_INLINE void four(const float* HWY_RESTRICT x, Codes8<Code>& codes, Code* HWY_RESTRICT q) const {
    const VF32 a = codes.load(x);
    const VF32 b = codes.load(x + kLanes);
    const VF32 c = codes.load(x + 2 * kLanes);
    const VF32 d = codes.load(x + 3 * kLanes);
    const auto bytes =
        codes.finish(StepsOfTwo(a, divide, b, divide), StepsOfTwo(c, divide, d, divide), zero_point, zero_point);
    if constexpr (kStream) {
      hn::Stream(bytes, hn::ScalableTag<Code>(), q);
    } else {
      hn::StoreU(bytes, hn::ScalableTag<Code>(), q);
    }
  }

  /// Fewer than a quad, through a padded copy.
  HWY_INLINE void some(const float* x, std::int64_t n, Codes8<Code>& codes, Code* q) const {
    HWY_ALIGN float in[kQuad] = {};
    HWY_ALIGN Code out[kQuad];
    std::memcpy(in, x, static_cast<std::size_t>(n) * sizeof(float));
    four<false>(in, codes, out);
    std::memcpy(q, out, static_cast<std::size_t>(n));
  }

  /// Any number. The last quad overlaps the one before it.
  HWY_INLINE void all(const float* x, std::int64_t n, Codes8<Code>& codes, Code* q) const {
    if (n < kQuad) return n > 0 ? some(x, n, codes, q) : void();
    std::int64_t i = 0;
    for (; i + kQuad <= n; i += kQuad) four<false>(x + i, codes, q + i);
    if (i < n) four<false>(x + n - kQuad, codes, q + n - kQuad);
  }
};

/// Multiplication is allowed for this grid on this instruction set.
HWY_INLINE bool multiplies(const Divider& d) { return HWY_NATIVE_FMA != 0 && d.is_exact; }

}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();
#endif  // HWY_TARGET != HWY_SCALAR
#endif  // guard
