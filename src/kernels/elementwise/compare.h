// Comparisons of two arrays with broadcasting: y[r][c] = a[r][c] op b[r][c] as 0 or 1.
//
// A comparison with NaN is false. y is dense and overlaps neither operand.
#pragma once

#include <cstdint>

#include "kernels/elementwise/strided.h"

namespace zeropoint {

enum class Comparison : std::uint8_t { equal, greater, greater_or_equal };  // for less, swap the operands

void compare_f32(Comparison op, Strided<float> a, Strided<float> b, std::uint8_t* y, std::int64_t rows,
                 std::int64_t cols);
void compare_s32(Comparison op, Strided<std::int32_t> a, Strided<std::int32_t> b, std::uint8_t* y, std::int64_t rows,
                 std::int64_t cols);
void compare_s64(Comparison op, Strided<std::int64_t> a, Strided<std::int64_t> b, std::uint8_t* y, std::int64_t rows,
                 std::int64_t cols);

}  // namespace zeropoint
