// Functions of two float32 arrays with broadcasting: y[r][c] = f(a[r][c], b[r][c]).
//
// An operand is a rectangle with steps, so that a scalar, a row or a column can be repeated. y is
// dense and may be the memory of an operand of the same rectangle. Same bits on every instruction set.
#pragma once

#include <cstdint>

namespace zeropoint {

enum class BinaryF32 : std::uint8_t { add, sub, mul, div, max, min, prelu };  // max, min: NaN wins; prelu: a < 0: a b
constexpr int kBinaryF32Count = static_cast<int>(BinaryF32::prelu) + 1;

struct StridedF32 {
  const float* data;
  std::int64_t row_step;  // elements from one row to the next; 0 repeats the row
  std::int64_t col_step;  // 1, or 0 to repeat one value
};

void binary_f32(BinaryF32 f, StridedF32 a, StridedF32 b, float* y, std::int64_t rows, std::int64_t cols);

namespace reference {
/// The readable twin: one element.
float binary_f32(BinaryF32 f, float a, float b);
}  // namespace reference

}  // namespace zeropoint
