// Highway for our kernels: the few operations that Highway 1.0.3 lacks, one definition per target.
//
// Include inside a file that foreach_target.h includes once per target, after hwy/highway.h. The
// scalar target has no vectors of several lanes: kernels call their reference there.
// (The include guard is toggled, not #pragma once, because every target needs its own copy.)
#if defined(ZEROPOINT_KERNELS_SIMD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_SIMD_INL_H
#undef ZEROPOINT_KERNELS_SIMD_INL_H
#else
#define ZEROPOINT_KERNELS_SIMD_INL_H
#endif

#include <cstdint>
#include <cstring>

#include "hwy/cache_control.h"
#include "hwy/highway.h"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using I32 = hn::ScalableTag<std::int32_t>;
using U32 = hn::ScalableTag<std::uint32_t>;
using I16 = hn::ScalableTag<std::int16_t>;
using U16 = hn::ScalableTag<std::uint16_t>;
using I8 = hn::ScalableTag<std::int8_t>;
using U8 = hn::ScalableTag<std::uint8_t>;

using VF32 = hn::Vec<F32>;
using VI32 = hn::Vec<I32>;
using VI16 = hn::Vec<I16>;

/// Asks for the cache lines of kVectors vectors of floats. Any address is allowed.
template <int kVectors>
HWY_INLINE void PrefetchVectors(const float* x) {
  constexpr int kLine = 16;
  constexpr int kFloats = kVectors * static_cast<int>(HWY_LANES(float));
  hwy::Prefetch(x);
  if constexpr (kFloats > kLine) hwy::Prefetch(x + kLine);
  if constexpr (kFloats > 2 * kLine) hwy::Prefetch(x + 2 * kLine);
  if constexpr (kFloats > 3 * kLine) hwy::Prefetch(x + 3 * kLine);
}

/// Nearest integer, ties to even. Below -2^31: -2^31. NaN and above 2^31 - 1: any value.
HWY_INLINE VI32 RoundToInt(VF32 v) {
#if HWY_TARGET == HWY_AVX3
  return VI32{_mm512_cvtps_epi32(v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return VI32{_mm256_cvtps_epi32(v.raw)};
#elif HWY_TARGET == HWY_SSE4
  return VI32{_mm_cvtps_epi32(v.raw)};
#else
  return hn::NearestInt(v);
#endif
}

using F64 = hn::ScalableTag<double>;
using VF64 = hn::Vec<F64>;
using HalfI32 = hn::Half<I32>;
using HalfF32 = hn::Half<F32>;

/// The same for float64.
HWY_INLINE hn::Vec<HalfI32> RoundToInt(VF64 v) {
#if HWY_TARGET == HWY_AVX3
  return hn::Vec<HalfI32>{_mm512_cvtpd_epi32(v.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<HalfI32>{_mm256_cvtpd_epi32(v.raw)};
#else
  return hn::DemoteTo(HalfI32(), hn::Round(v));
#endif
}

/// A vector of 32-bit integers through float64: half by half, value(lanes) is rounded.
template <class Value>
HWY_INLINE VI32 ThroughF64(VI32 v, const Value& value) {
  const F64 f64;
  const VF64 upper = value(hn::PromoteTo(f64, hn::UpperHalf(HalfI32(), v)));
  const VF64 lower = value(hn::PromoteTo(f64, hn::LowerHalf(HalfI32(), v)));
  return hn::Combine(I32(), RoundToInt(upper), RoundToInt(lower));
}

/// Saturates 32-bit lanes to 16 bits, interleaving a and b by 128-bit blocks on x86 (see RestoreOrder).
HWY_INLINE VI16 NarrowToI16(VI32 a, VI32 b) { return hn::ReorderDemote2To(I16(), a, b); }

/// Saturates 16-bit lanes to 8 bits, interleaving like NarrowToI16.
HWY_INLINE hn::Vec<U8> NarrowTo(U8, VI16 a, VI16 b) {
#if HWY_TARGET == HWY_AVX3
  return hn::Vec<U8>{_mm512_packus_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<U8>{_mm256_packus_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_SSE4
  return hn::Vec<U8>{_mm_packus_epi16(a.raw, b.raw)};
#else
  const hn::Half<U8> half;
  return hn::Combine(U8(), hn::DemoteTo(half, b), hn::DemoteTo(half, a));
#endif
}
HWY_INLINE hn::Vec<I8> NarrowTo(I8, VI16 a, VI16 b) {
#if HWY_TARGET == HWY_AVX3
  return hn::Vec<I8>{_mm512_packs_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<I8>{_mm256_packs_epi16(a.raw, b.raw)};
#elif HWY_TARGET == HWY_SSE4
  return hn::Vec<I8>{_mm_packs_epi16(a.raw, b.raw)};
#else
  const hn::Half<I8> half;
  return hn::Combine(I8(), hn::DemoteTo(half, b), hn::DemoteTo(half, a));
#endif
}

/// Undoes the interleaving of two narrowings: the bytes of four vectors come back in memory order.
template <class V>
HWY_INLINE V RestoreOrder(V bytes) {
#if HWY_TARGET == HWY_AVX3
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return V{_mm512_permutexvar_epi32(order, bytes.raw)};
#elif HWY_TARGET == HWY_AVX2
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return V{_mm256_permutevar8x32_epi32(bytes.raw, order)};
#else
  return bytes;
#endif
}

/// Undoes the interleaving of one narrowing: the words of NarrowToI16(a, b) come back in memory order.
template <class V>
HWY_INLINE V RestoreWords(V words) {
#if HWY_TARGET == HWY_AVX3
  return V{_mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7), words.raw)};
#elif HWY_TARGET == HWY_AVX2
  return V{_mm256_permute4x64_epi64(words.raw, 0xD8)};  // 0, 2, 1, 3
#else
  return words;
#endif
}

/// A load that stays one load: GCC otherwise repeats it in every instruction that can take a memory operand.
HWY_INLINE VF32 LoadOnce(F32 f, const float* x) {
  VF32 v = hn::LoadU(f, x);
#if HWY_TARGET == HWY_AVX3 && HWY_COMPILER_GCC_ACTUAL
  asm("" : "+v"(v.raw));
#endif
  return v;
}

struct FourVectors {
  VF32 a, b, c, d;
};
HWY_INLINE FourVectors LoadFour(const float* x) {
  const F32 f;
  constexpr std::size_t kLanes = HWY_LANES(float);
  return {LoadOnce(f, x), LoadOnce(f, x + kLanes), LoadOnce(f, x + 2 * kLanes), LoadOnce(f, x + 3 * kLanes)};
}

/// The same, but only the first n floats are read, n <= 4 Lanes; the others are 0.
HWY_INLINE FourVectors LoadUpTo(const float* x, std::int64_t n) {
  const F32 f;
  constexpr auto kLanes = static_cast<std::int64_t>(HWY_LANES(float));
#if HWY_TARGET == HWY_AVX3
  const auto part = [&](std::int64_t from) HWY_ATTR {
    return from < n ? hn::MaskedLoad(hn::FirstN(f, static_cast<std::size_t>(n - from)), f, x + from) : hn::Zero(f);
  };
  return {part(0), part(kLanes), part(2 * kLanes), part(3 * kLanes)};
#else
  HWY_ALIGN float all[4 * kLanes] = {};
  std::memcpy(all, x, static_cast<std::size_t>(n) * sizeof(float));
  return {hn::Load(f, all), hn::Load(f, all + kLanes), hn::Load(f, all + 2 * kLanes), hn::Load(f, all + 3 * kLanes)};
#endif
}

/// One vector of n floats, n of any size; those past the end are `fallback`.
HWY_INLINE VF32 LoadOr(const float* x, std::int64_t n, float fallback) {
  const F32 f;
  constexpr auto kLanes = static_cast<std::int64_t>(HWY_LANES(float));
  if (HWY_LIKELY(n >= kLanes)) return hn::LoadU(f, x);
  HWY_ALIGN float all[kLanes];
  for (std::int64_t i = 0; i < kLanes; ++i) all[i] = i < n ? x[i] : fallback;
  return hn::Load(f, all);
}

/// Writes the first n bytes of a vector of 8-bit codes.
template <class D8>
HWY_INLINE void StoreUpTo(hn::Vec<D8> bytes, D8 d8, hn::TFromD<D8>* q, std::int64_t n) {
#if HWY_TARGET == HWY_AVX3
  (void)d8;
  const std::uint64_t mask = n >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
  _mm512_mask_storeu_epi8(q, mask, bytes.raw);
#else
  HWY_ALIGN hn::TFromD<D8> all[HWY_MAX_BYTES];
  hn::Store(bytes, d8, all);
  std::memcpy(q, all, static_cast<std::size_t>(n));
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();
#endif  // HWY_TARGET != HWY_SCALAR
#endif  // guard
