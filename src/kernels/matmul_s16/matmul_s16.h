// Integer matrix product of 16-bit values into 32-bit sums: the inner loop of matmul and convolution
// on codes, which are at most 9 bits wide after widening.
//
// Sums wrap modulo 2^32 on every instruction set alike; the caller knows when they cannot.
#pragma once

#include <cstdint>

namespace zeropoint {

/// Columns come in multiples of this.
constexpr std::int64_t kMatmulColumns = 32;

/// c[r][j] = sum over p of a[r][2p] b[p][j][0] + a[r][2p + 1] b[p][j][1].
/// a is [rows, 2 * pairs], b is [pairs, columns, 2], c is [rows, columns]; |values| <= 2^15 - 1.
void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c);

namespace reference {
void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c);
}  // namespace reference

}  // namespace zeropoint
