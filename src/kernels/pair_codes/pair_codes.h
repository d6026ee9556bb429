// 8-bit codes to differences q - Z of 16 bits, in the layouts in which kernels/matmul_s16 reads: the left-hand side row
// by row, the right-hand side in pairs of two rows. zero_point is a code.
#pragma once

#include <cstdint>

namespace zeropoint {

/// to[2i] = a[i * step] - zero_point, to[2i + 1] = b[i * step] - zero_point for i in [0, n); where there is no second
/// row (b == nullptr), the second of every pair is 0.
void pair_codes(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::int64_t step,
                std::int32_t zero_point, std::int16_t* to);
void pair_codes(const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
                std::int16_t* to);

/// to[i] = q[i] - zero_point for i in [0, n).
void code_differences(const std::uint8_t* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to);
void code_differences(const std::int8_t* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to);

namespace reference {
template <class Code>
void pair_codes(const Code* a, const Code* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
                std::int16_t* to);
template <class Code>
void code_differences(const Code* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to);
}  // namespace reference

}  // namespace zeropoint
