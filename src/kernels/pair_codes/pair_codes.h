// Two rows of 8-bit codes to pairs of differences q - Z, the layout in which kernels/matmul_s16 reads
// its right-hand side.
#pragma once

#include <cstdint>

namespace zeropoint {

/// to[2i] = a[i * step] - zero_point, to[2i + 1] = b[i * step] - zero_point for i in [0, n); where there is no second
/// row (b == nullptr), the second of every pair is 0. zero_point is a code.
void pair_codes_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::int64_t step,
                   std::int32_t zero_point, std::int16_t* to);
void pair_codes_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int64_t step,
                   std::int32_t zero_point, std::int16_t* to);

namespace reference {
template <class Code>
void pair_codes(const Code* a, const Code* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
                std::int16_t* to);
}  // namespace reference

}  // namespace zeropoint
