// float32 to integer codes on one grid: q[i] = clamp(rint(x[i] / scale) + zero_point, codes).
//
// The division is exact (see kernels/divider.h), so every instruction set gives the codes of
// quantize_value(). NaN gives the zero point, infinities saturate; the result is false when there was
// one or the other. x and q must not overlap; any alignment. 2-bit and 4-bit codes use the 8-bit
// kernels with their own `codes`, then kernels/pack.
#pragma once

#include "kernels/grid.h"

namespace zeropoint {

bool quantize_f32_u8(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q,
                     Store store = Store::cached);
bool quantize_f32_i8(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store = Store::cached);

namespace reference {

/// The definition, one value at a time. Code is (u)int8, (u)int16 or int32.
template <class Code>
bool quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, Code* q);

}  // namespace reference
}  // namespace zeropoint
