#include "integer/product.h"

#include <algorithm>

#include "kernels/matmul_s16/matmul_s16.h"

namespace zeropoint::integer {

RowMatrix::RowMatrix(std::span<const std::int16_t> values, std::int64_t row_count, std::int64_t row_length)
    : rows(row_count), length(row_length), pairs((row_length + 1) / 2) {
  codes.resize(static_cast<std::size_t>(rows * 2 * pairs));
  sums.resize(static_cast<std::size_t>(rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int16_t* from = values.data() + i * length;
    std::copy(from, from + length, codes.begin() + i * 2 * pairs);
    std::uint32_t sum = 0;
    for (std::int64_t k = 0; k < length; ++k) sum += static_cast<std::uint32_t>(std::int32_t{from[k]});
    sums[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(sum);
  }
}

ColumnMatrix::ColumnMatrix(std::int64_t column_length, std::int64_t column_count)
    : length(column_length),
      columns(column_count),
      padded((column_count + kMatmulColumns - 1) / kMatmulColumns * kMatmulColumns),
      codes(static_cast<std::size_t>((column_length + 1) / 2 * padded * 2)),
      sums(static_cast<std::size_t>(padded)) {}

void ColumnMatrix::add_up() {
  std::vector<std::uint32_t> totals(sums.size());
  for (std::size_t i = 0; i < codes.size(); ++i) {
    totals[i / 2 % totals.size()] += static_cast<std::uint32_t>(std::int32_t{codes[i]});
  }
  std::copy(totals.begin(), totals.end(), sums.begin());
}

void multiply(const RowMatrix& a, std::int64_t first, std::int64_t last, const ColumnMatrix& b,
              std::span<const std::int32_t> row_zeros, std::span<const std::int32_t> column_zeros, std::int32_t* c,
              std::int64_t stride) {
  std::vector<std::int32_t> raw(static_cast<std::size_t>((last - first) * b.padded));
  matmul_s16_s32(a.codes.data() + first * 2 * a.pairs, last - first, a.pairs, b.codes.data(), b.padded, raw.data());
  const auto length = static_cast<std::uint32_t>(a.length);
  for (std::int64_t i = first; i < last; ++i) {
    const auto row_zero =
        static_cast<std::uint32_t>(row_zeros[row_zeros.size() == 1 ? 0 : static_cast<std::size_t>(i)]);
    const auto row_sum = static_cast<std::uint32_t>(a.sums[static_cast<std::size_t>(i)]);
    const std::int32_t* from = raw.data() + (i - first) * b.padded;
    for (std::int64_t j = 0; j < b.columns; ++j) {
      const auto column = static_cast<std::size_t>(j);
      const auto column_zero = static_cast<std::uint32_t>(column_zeros[column_zeros.size() == 1 ? 0 : column]);
      const auto column_sum = static_cast<std::uint32_t>(b.sums[column]);
      c[i * stride + j] = static_cast<std::int32_t>(static_cast<std::uint32_t>(from[j]) - column_zero * row_sum -
                                                    row_zero * column_sum + length * row_zero * column_zero);
    }
  }
}

}  // namespace zeropoint::integer
