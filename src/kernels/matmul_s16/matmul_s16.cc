#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_s16/matmul_s16.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <cstring>

#include "kernels/matmul_s16/matmul_s16.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void matmul(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b, std::int64_t columns,
            std::int32_t* c) {
  reference::matmul_s16_s32(a, rows, pairs, b, columns, c);
}

#else

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

/// kRows rows of one strip of two vectors of columns.
template <int kRows>
void multiply_strip(const std::int16_t* a, std::int64_t pairs, const std::int16_t* b, std::int64_t columns,
                    std::int32_t* c) {
  const I16 i16;
  const I32 i32;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(i32));
  VI32 left[kRows];
  VI32 right[kRows];
  for (int r = 0; r < kRows; ++r) left[r] = right[r] = hn::Zero(i32);
  for (std::int64_t p = 0; p < pairs; ++p) {
    const VI16 b0 = hn::LoadU(i16, b + p * columns * 2);
    const VI16 b1 = hn::LoadU(i16, b + p * columns * 2 + 2 * lanes);
    for (int r = 0; r < kRows; ++r) {
      std::int32_t pair = 0;
      std::memcpy(&pair, a + r * 2 * pairs + 2 * p, sizeof(pair));
      const VI16 both = hn::BitCast(i16, hn::Set(i32, pair));
      left[r] = AddPairProducts(both, b0, left[r]);
      right[r] = AddPairProducts(both, b1, right[r]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    hn::StoreU(left[r], i32, c + r * columns);
    hn::StoreU(right[r], i32, c + r * columns + lanes);
  }
}

void matmul(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b, std::int64_t columns,
            std::int32_t* c) {
  constexpr int kRows = 4;
  const auto strip = 2 * static_cast<std::int64_t>(hn::Lanes(I32()));
  for (std::int64_t j = 0; j < columns; j += strip) {
    std::int64_t r = 0;
    for (; r + kRows <= rows; r += kRows) {
      multiply_strip<kRows>(a + r * 2 * pairs, pairs, b + 2 * j, columns, c + r * columns + j);
    }
    for (; r < rows; ++r) multiply_strip<1>(a + r * 2 * pairs, pairs, b + 2 * j, columns, c + r * columns + j);
  }
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
}  // namespace

void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c) {
  HWY_DYNAMIC_DISPATCH(matmul)(a, rows, pairs, b, columns, c);
}

}  // namespace zeropoint
#endif
