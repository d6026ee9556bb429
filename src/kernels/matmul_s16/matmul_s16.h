// Integer matrix products of 16-bit values into 32-bit sums: the inner loop of matmul and convolution
// on codes, whose differences q - Z are at most 9 bits wide.
//
// Pairs of values along K lie side by side: one instruction multiplies both and adds the products.
// Sums wrap modulo 2^32 on every instruction set alike; the caller knows when they cannot.
#pragma once

#include <cstdint>

namespace zeropoint {

/// Columns of a strip.
constexpr std::int64_t kMatmulColumns = 32;

/// c[r * stride + j] = sum over p of a[r][2p] b[j / 32][p][j % 32][0] + a[r][2p + 1] b[j / 32][p][j % 32][1].
/// a is [rows, 2 * pairs], b is [columns / 32, pairs, 32, 2] for whole strips; |values| <= 2^15 - 1.
void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c, std::int64_t stride);

/// The same where pair p of column j is the pair offsets[p] + j of `image`, and where row r starts from start[r]
/// (start == nullptr: 0): a convolution. Columns are computed, and pairs read, up to a multiple of 32; c has room for
/// them.
void conv_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* image,
                  const std::int64_t* offsets, std::int64_t columns, const std::int32_t* start, std::int32_t* c,
                  std::int64_t stride);

namespace reference {
void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c, std::int64_t stride);
void conv_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* image,
                  const std::int64_t* offsets, std::int64_t columns, const std::int32_t* start, std::int32_t* c,
                  std::int64_t stride);
}  // namespace reference

}  // namespace zeropoint
