// Softmax of float32 rows or columns: y = e^(x - max) / sum, or x - max - log(sum).
//
// The maximum is subtracted first, so nothing overflows. A row's sum runs in 16 partial sums per
// block of 1024 elements, the blocks added in double; a column's sum runs down the column. y may be
// x itself. Same bits on every instruction set. NaN anywhere in a row makes the whole row NaN.
#pragma once

#include <cstdint>

namespace zeropoint {

enum class SoftmaxKind : std::uint8_t { softmax, log_softmax };

/// Each of `rows` rows of `cols` elements.
void softmax_rows_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols);

/// Each of `cols` columns of one dense matrix.
void softmax_columns_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols);

namespace reference {
void softmax_rows_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols);
void softmax_columns_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols);
}  // namespace reference

}  // namespace zeropoint
