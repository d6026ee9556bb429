// Two streams of 8-bit codes at once: whole vectors of bytes are taken apart inside their 128-bit
// blocks, so that nothing has to cross them, and put together again the same way.
// Included once per instruction set, like simd-inl.h.
#if defined(ZEROPOINT_KERNELS_PAIRS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_PAIRS_INL_H
#undef ZEROPOINT_KERNELS_PAIRS_INL_H
#else
#define ZEROPOINT_KERNELS_PAIRS_INL_H
#endif

#include <limits>

#include "kernels/simd-inl.h"
#include "zeropoint/quant.h"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {

constexpr std::int64_t kVectorBytes = HWY_LANES(std::uint8_t);

/// x + y with a fused multiply-add, where there is one: the same value from a less busy unit.
HWY_INLINE VF32 AddByFma(VF32 x, VF32 y) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(x, hn::Set(F32(), 1.0F), y);
#else
  return hn::Add(x, y);
#endif
}

/// A byte shuffle inside every 128-bit block.
template <class V>
HWY_INLINE V ShuffleBlocks(V bytes, const std::uint8_t* order) {
  return hn::TableLookupBytes(bytes, hn::BitCast(hn::DFromV<V>(), hn::LoadDup128(U8(), order)));
}

/// Byte k of every 32-bit lane as int32, for codes of either sign.
template <int kByte>
HWY_INLINE VI32 ByteOfLanes(hn::Vec<U8> codes) {
  const U32 u32;
  const auto lanes = hn::BitCast(u32, codes);
  return hn::BitCast(I32(), hn::And(hn::ShiftRight<8 * kByte>(lanes), hn::Set(u32, 0xFF)));
}
template <int kByte>
HWY_INLINE VI32 ByteOfLanes(hn::Vec<I8> codes) {
  return hn::ShiftRight<24>(hn::ShiftLeft<24 - 8 * kByte>(hn::BitCast(I32(), codes)));
}

/// The inverse: results[k] belong to byte k of every lane. Saturates to the codes.
template <class D8>
HWY_INLINE hn::Vec<D8> JoinBytes(D8 d8, VI32 r0, VI32 r1, VI32 r2, VI32 r3) {
  HWY_ALIGN static constexpr std::uint8_t kOrder[16] = {0, 8, 4, 12, 1, 9, 5, 13, 2, 10, 6, 14, 3, 11, 7, 15};
  return ShuffleBlocks(NarrowTo(d8, NarrowToI16(r0, r2), NarrowToI16(r1, r3)), kOrder);
}

/// Even and odd bytes as int16, for codes of either sign.
HWY_INLINE VI16 EvenBytes(hn::Vec<U8> codes) {
  return hn::BitCast(I16(), hn::And(hn::BitCast(U16(), codes), hn::Set(U16(), 0x00FF)));
}
HWY_INLINE VI16 OddBytes(hn::Vec<U8> codes) { return hn::BitCast(I16(), hn::ShiftRight<8>(hn::BitCast(U16(), codes))); }
HWY_INLINE VI16 EvenBytes(hn::Vec<I8> codes) { return hn::ShiftRight<8>(hn::ShiftLeft<8>(hn::BitCast(I16(), codes))); }
HWY_INLINE VI16 OddBytes(hn::Vec<I8> codes) { return hn::ShiftRight<8>(hn::BitCast(I16(), codes)); }

/// The inverse. Saturates to the codes.
template <class D8>
HWY_INLINE hn::Vec<D8> JoinEvenOdd(D8 d8, VI16 even, VI16 odd) {
  HWY_ALIGN static constexpr std::uint8_t kOrder[16] = {0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15};
  return ShuffleBlocks(NarrowTo(d8, even, odd), kOrder);
}

template <bool kClamp, class Code, class BytesOf>
void WholeVectors(const Code* a, const Code* b, std::int64_t n, CodeRange codes, Code* y, const BytesOf& bytes_of) {
  const hn::ScalableTag<Code> d8;
  const auto lowest = hn::Set(d8, static_cast<Code>(codes.min));
  const auto highest = hn::Set(d8, static_cast<Code>(codes.max));
  for (std::int64_t i = 0; i < n; i += kVectorBytes) {
    const auto bytes = bytes_of(hn::LoadU(d8, a + i), hn::LoadU(d8, b + i));
    hn::StoreU(kClamp ? hn::Max(hn::Min(bytes, highest), lowest) : bytes, d8, y + i);
  }
}

/// y[i] = bytes_of(vector of a, vector of b), clamped to `codes`; the last vector is a padded copy.
template <class Code, class BytesOf>
void ForEachPair(const Code* a, const Code* b, std::int64_t n, CodeRange codes, Code* y, const BytesOf& bytes_of) {
  const bool fills_type =
      codes.min == std::numeric_limits<Code>::min() && codes.max == std::numeric_limits<Code>::max();
  const auto whole_vectors = fills_type ? WholeVectors<false, Code, BytesOf> : WholeVectors<true, Code, BytesOf>;
  const std::int64_t whole = n / kVectorBytes * kVectorBytes;
  whole_vectors(a, b, whole, codes, y, bytes_of);
  if (whole == n) return;
  const auto rest = static_cast<std::size_t>(n - whole);
  HWY_ALIGN Code rest_a[kVectorBytes] = {};
  HWY_ALIGN Code rest_b[kVectorBytes] = {};
  std::memcpy(rest_a, a + whole, rest);
  std::memcpy(rest_b, b + whole, rest);
  whole_vectors(rest_a, rest_b, kVectorBytes, codes, rest_a, bytes_of);
  std::memcpy(y + whole, rest_a, rest);
}

}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();
#endif  // HWY_TARGET != HWY_SCALAR
#endif  // guard
