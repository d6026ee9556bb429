#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_s16/matmul_s16.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <cstring>
#include <type_traits>

#include "kernels/matmul_s16/matmul_s16.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void matmul(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b, std::int64_t columns,
            std::int32_t* c, std::int64_t stride) {
  reference::matmul_s16_s32(a, rows, pairs, b, columns, c, stride);
}
void conv(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* image,
          const std::int64_t* offsets, std::int64_t columns, const std::int32_t* start, std::int32_t* c,
          std::int64_t stride) {
  reference::conv_s16_s32(a, rows, pairs, image, offsets, columns, start, c, stride);
}

#else

#if HWY_TARGET == HWY_AVX3
constexpr int kTileRows = 8;  // 16 of 32 registers hold sums
#else
constexpr int kTileRows = 4;
#endif
constexpr auto kLanes = static_cast<std::int64_t>(HWY_LANES(std::int32_t));

/// sum + the products of the two 16-bit halves of every 32-bit lane.
HWY_INLINE VI32 AddPairProducts(VI16 a, VI16 b, VI32 sum) {
  const I32 i32;
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
  VI32 unused = hn::Zero(i32);
  return hn::ReorderWidenMulAccumulate(i32, a, b, sum, unused);
#else
  const VI32 a32 = hn::BitCast(i32, a);
  const VI32 b32 = hn::BitCast(i32, b);
  const VI32 even = hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(a32)), hn::ShiftRight<16>(hn::ShiftLeft<16>(b32)));
  const VI32 odd = hn::Mul(hn::ShiftRight<16>(a32), hn::ShiftRight<16>(b32));
  return hn::Add(sum, hn::Add(even, odd));
#endif
}

/// Where pair p of the first column lies.
struct InStrip {
  const std::int16_t* b;
  HWY_INLINE const std::int16_t* at(std::int64_t p) const { return b + p * 2 * kMatmulColumns; }
};
struct InImage {
  const std::int16_t* image;
  const std::int64_t* offsets;
  HWY_INLINE const std::int16_t* at(std::int64_t p) const { return image + offsets[p] * 2; }
};

/// kRows rows of one or two vectors of columns. Unrolled, or GCC keeps the sums in memory.
template <int kRows, int kVectors, class Columns>
HWY_INLINE void tile(const std::int16_t* a, std::int64_t pairs, Columns columns, const std::int32_t* start,
                     std::int32_t* c, std::int64_t stride) {
  const I16 i16;
  const I32 i32;
  VI32 left[kRows];
  VI32 right[kRows];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) left[r] = right[r] = hn::Set(i32, start == nullptr ? 0 : start[r]);
  for (std::int64_t p = 0; p < pairs; ++p) {
    const std::int16_t* b = columns.at(p);
    const VI16 b0 = hn::LoadU(i16, b);
    const VI16 b1 = kVectors == 2 ? hn::LoadU(i16, b + 2 * kLanes) : b0;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      std::int32_t pair = 0;
      std::memcpy(&pair, a + r * 2 * pairs + 2 * p, sizeof(pair));
      const VI16 both = hn::BitCast(i16, hn::Set(i32, pair));
      left[r] = AddPairProducts(both, b0, left[r]);
      if (kVectors == 2) right[r] = AddPairProducts(both, b1, right[r]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    hn::StoreU(left[r], i32, c + r * stride);
    if (kVectors == 2) hn::StoreU(right[r], i32, c + r * stride + kLanes);
  }
}

/// All rows of one or two vectors of columns.
template <int kVectors, class Columns>
void strip(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, Columns columns, const std::int32_t* start,
           std::int32_t* c, std::int64_t stride) {
  std::int64_t r = 0;
  const auto take = [&](auto count) HWY_ATTR {
    constexpr int kRows = decltype(count)::value;
    for (; r + kRows <= rows; r += kRows) {
      tile<kRows, kVectors>(a + r * 2 * pairs, pairs, columns, start == nullptr ? nullptr : start + r, c + r * stride,
                            stride);
    }
  };
  take(std::integral_constant<int, kTileRows>());
  if constexpr (kTileRows > 4) take(std::integral_constant<int, 4>());
  take(std::integral_constant<int, 2>());
  take(std::integral_constant<int, 1>());
}

void matmul(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b, std::int64_t columns,
            std::int32_t* c, std::int64_t stride) {
  for (std::int64_t j = 0; j < columns; j += kMatmulColumns) {
    for (std::int64_t i = 0; i < kMatmulColumns; i += 2 * kLanes) {
      strip<2>(a, rows, pairs, InStrip{b + 2 * (j * pairs + i)}, nullptr, c + j + i, stride);
    }
  }
}

void conv(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* image,
          const std::int64_t* offsets, std::int64_t columns, const std::int32_t* start, std::int32_t* c,
          std::int64_t stride) {
  std::int64_t j = 0;
  for (; j + kLanes < columns; j += 2 * kLanes) {
    strip<2>(a, rows, pairs, InImage{image + 2 * j, offsets}, start, c + j, stride);
  }
  if (j < columns) strip<1>(a, rows, pairs, InImage{image + 2 * j, offsets}, start, c + j, stride);
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(matmul);
HWY_EXPORT(conv);
}  // namespace

void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c, std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(matmul)(a, rows, pairs, b, columns, c, stride);
}

void conv_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* image,
                  const std::int64_t* offsets, std::int64_t columns, const std::int32_t* start, std::int32_t* c,
                  std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(conv)(a, rows, pairs, image, offsets, columns, start, c, stride);
}

}  // namespace zeropoint
#endif
