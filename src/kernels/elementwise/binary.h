// Functions of two float32 arrays with broadcasting: y[r][c] = f(a[r][c], b[r][c]).
//
// y is dense and may be the memory of an operand of the same rectangle. Same bits on every instruction set.
#pragma once

#include <cstdint>

#include "kernels/elementwise/strided.h"

namespace zeropoint {

enum class BinaryF32 : std::uint8_t { add, sub, mul, div, max, min, prelu };  // max, min: NaN wins; prelu: a < 0: a b
constexpr int kBinaryF32Count = static_cast<int>(BinaryF32::prelu) + 1;

void binary_f32(BinaryF32 f, StridedF32 a, StridedF32 b, float* y, std::int64_t rows, std::int64_t cols);

namespace reference {
/// The readable twin: one element.
float binary_f32(BinaryF32 f, float a, float b);
}  // namespace reference

}  // namespace zeropoint
