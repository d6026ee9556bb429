// Exact integer products with the zero points hoisted out of the inner loop:
//
//   sum (a - Z_a)(b - Z_b) = sum a b - Z_b sum a - Z_a sum b + K Z_a Z_b
//
// so that the loop multiplies codes as they are, and the zero points cost one sum per row of a and
// one per column of b. All terms are taken modulo 2^32: where the left side fits int32 (fits_int32
// in operand.h says when), so does the result, whatever the terms on the right do.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace zeropoint::integer {

/// Rows of codes, each padded with zeros to an even length, and their sums.
struct RowMatrix {
  RowMatrix(std::span<const std::int16_t> codes, std::int64_t rows, std::int64_t length);

  std::int64_t rows = 0;
  std::int64_t length = 0;  // K
  std::int64_t pairs = 0;
  std::vector<std::int16_t> codes;  // [rows, 2 * pairs]
  std::vector<std::int32_t> sums;
};

/// Columns of codes in the order of kernels/matmul_s16: pairs along K side by side, columns padded.
struct ColumnMatrix {
  ColumnMatrix(std::int64_t length, std::int64_t columns);

  void set(std::int64_t k, std::int64_t column, std::int16_t code) {
    codes[static_cast<std::size_t>(((k / 2) * padded + column) * 2 + k % 2)] = code;
  }
  void add_up();  ///< fills `sums`, once all codes are set

  std::int64_t length = 0;  // K
  std::int64_t columns = 0;
  std::int64_t padded = 0;
  std::vector<std::int16_t> codes;  // [pairs, padded, 2]
  std::vector<std::int32_t> sums;
};

/// c[i * stride + j] = sum over k of (a[i, k] - row_zero[i])(b[k, j] - column_zero[j]) for rows
/// [first, last) of a. Each list of zero points has one entry, or one per row or column.
void multiply(const RowMatrix& a, std::int64_t first, std::int64_t last, const ColumnMatrix& b,
              std::span<const std::int32_t> row_zeros, std::span<const std::int32_t> column_zeros, std::int32_t* c,
              std::int64_t stride);

}  // namespace zeropoint::integer
