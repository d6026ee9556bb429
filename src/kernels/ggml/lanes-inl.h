// Blocks to lanes and back: the values of as many blocks as a vector has lanes, [value][lane].
// Included once per instruction set, like simd-inl.h.
#if defined(ZEROPOINT_KERNELS_GGML_LANES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_GGML_LANES_INL_H
#undef ZEROPOINT_KERNELS_GGML_LANES_INL_H
#else
#define ZEROPOINT_KERNELS_GGML_LANES_INL_H
#endif

#include <cstring>

#include "kernels/ggml/layouts.h"
#include "kernels/movement/transpose_tile.h"
#include "kernels/simd-inl.h"

#if HWY_TARGET != HWY_SCALAR
HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace kernels {
namespace HWY_NAMESPACE {

using namespace zeropoint::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): simd-inl.h of this target

/// The first n values of blocks that start `step` values apart. Lanes without a block hold zeros.
inline void SpreadRows(const float* src, std::int64_t step, int n, int lanes, float* to) {
  constexpr std::int64_t kVector = HWY_LANES(float) * sizeof(float);
  if (lanes < static_cast<int>(HWY_LANES(float))) {
    std::memset(to, 0, static_cast<std::size_t>(n) * static_cast<std::size_t>(kVector));
  }
  transpose_tile(sizeof(float), reinterpret_cast<std::byte*>(to), kVector, reinterpret_cast<const std::byte*>(src),
                 step * static_cast<std::int64_t>(sizeof(float)), n, lanes);
}

/// Dense blocks of n values.
inline void SpreadBlocks(const float* src, int n, int lanes, float* to) { SpreadRows(src, n, n, lanes, to); }

/// The weights of consecutive blocks of n values, the first of which is at value `at` of a matrix.
inline void SpreadImportance(const float* importance, std::int64_t columns, std::int64_t at, int n, int lanes,
                             float* to) {
  constexpr auto kLanes = static_cast<int>(HWY_LANES(float));
  for (int lane = 0; lane < kLanes; ++lane) {
    const float* from = importance + (at + (lane < lanes ? lane : 0) * n) % columns;
    for (int i = 0; i < n; ++i) to[i * kLanes + lane] = from[i];
  }
}

/// Codes in [0, 255], a byte per lane.
HWY_INLINE void PutBytes(VF32 codes, std::uint8_t* to, int i) {
  const hn::Rebind<std::uint8_t, F32> bytes;
  hn::StoreU(hn::DemoteTo(bytes, hn::ConvertTo(I32(), codes)), bytes, to + i * static_cast<int>(HWY_LANES(float)));
}

/// The codes of a super-block into its bytes, see layouts.h. The bytes of the codes must be 0.
HWY_INLINE void PackCodes(GgmlType type, const std::uint8_t* codes, std::byte* dst) {
  const hn::CappedTag<std::uint8_t, kPiece> bytes;
  const hn::RepartitionToWide<decltype(bytes)> words;  // shifting pairs of bytes is harmless where fields are masked
  constexpr auto kStep = static_cast<int>(hn::MaxLanes(bytes));
  const auto put = [&](const Field& field, const std::uint8_t* from, int from_bit) HWY_ATTR {
    const auto mask = hn::Set(bytes, static_cast<std::uint8_t>((1 << field.bits) - 1));
    for (int l = 0; l < kPiece; l += kStep) {
      auto* to = reinterpret_cast<std::uint8_t*>(dst + field.offset + l);
      const auto code = hn::BitCast(words, hn::LoadU(bytes, from + l));
      const auto part = hn::And(hn::BitCast(bytes, hn::ShiftRightSame(code, from_bit)), mask);
      const auto placed = hn::BitCast(bytes, hn::ShiftLeftSame(hn::BitCast(words, part), field.shift));
      hn::StoreU(hn::Or(hn::LoadU(bytes, to), placed), bytes, to);
    }
  };
  for (int p = 0; p < kPieces; ++p) {
    const Field low = low_field(type, p);
    const Field high = high_field(type, p);
    put(low, codes + p * kPiece, 0);
    if (high.bits > 0) put(high, codes + p * kPiece, low.bits);
  }
}

/// Bit i is lane i.
HWY_INLINE std::uint64_t LaneBits(hn::Mask<F32> mask) {
  std::uint8_t bytes[8] = {};
  hn::StoreMaskBits(F32(), mask, bytes);
  std::uint64_t bits;
  std::memcpy(&bits, bytes, sizeof bits);
  return bits;
}

}  // namespace HWY_NAMESPACE
}  // namespace kernels
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();
#endif  // HWY_TARGET != HWY_SCALAR
#endif  // guard
