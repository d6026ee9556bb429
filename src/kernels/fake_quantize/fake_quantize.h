// quantize and dequantize in one pass, without keeping the codes:
// y = float(clamp(rint(x / scale) + zero_point, codes) - zero_point) * scale.
//
// The bits are those of dequantize_value(quantize_value(x)) on every instruction set, for codes of at
// most 16 bits. NaN gives 0, infinities the ends of the grid; the result is false when there was one or
// the other. y may be x itself; otherwise they must not overlap. Any alignment.
#pragma once

#include "kernels/grid.h"

namespace zeropoint {

bool fake_quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, float* y);

namespace reference {
bool fake_quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, float* y);
}  // namespace reference

}  // namespace zeropoint
