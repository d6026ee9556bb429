#include "kernels/matmul_s16/matmul_s16.h"

namespace zeropoint::reference {
namespace {

/// start + sum over p of the products of the pairs that a and pair_at(p) point to, modulo 2^32.
template <class PairAt>
std::int32_t sum_of_products(const std::int16_t* a, std::int64_t pairs, std::int32_t start, const PairAt& pair_at) {
  auto sum = static_cast<std::uint32_t>(start);
  for (std::int64_t p = 0; p < pairs; ++p) {
    const std::int16_t* b = pair_at(p);
    sum += static_cast<std::uint32_t>(a[2 * p] * b[0]);
    sum += static_cast<std::uint32_t>(a[2 * p + 1] * b[1]);
  }
  return static_cast<std::int32_t>(sum);
}

}  // namespace

void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c, std::int64_t stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const std::int64_t strip = j / kMatmulColumns * pairs;
      c[r * stride + j] = sum_of_products(a + r * 2 * pairs, pairs, 0, [&](std::int64_t p) {
        return b + ((strip + p) * kMatmulColumns + j % kMatmulColumns) * 2;
      });
    }
  }
}

void conv_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* image,
                  const std::int64_t* offsets, std::int64_t columns, const std::int32_t* start, std::int32_t* c,
                  std::int64_t stride) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < columns; ++j) {
      c[r * stride + j] = sum_of_products(a + r * 2 * pairs, pairs, start == nullptr ? 0 : start[r],
                                          [&](std::int64_t p) { return image + (offsets[p] + j) * 2; });
    }
  }
}

}  // namespace zeropoint::reference
