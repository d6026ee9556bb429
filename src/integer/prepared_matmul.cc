#include "integer/prepared_matmul.h"

#include <algorithm>
#include <memory>

#include "base/parallel.h"
#include "integer/accumulators.h"
#include "integer/pieces.h"
#include "kernels/matmul_s16/matmul_s16.h"
#include "kernels/pair_codes/pair_codes.h"

namespace zeropoint::integer {
namespace {

static_assert(kColumnBlock % kMatmulColumns == 0);
constexpr std::int64_t kRowBlock = 64;

/// One strip of one matrix [k, n], its columns from `column` on. `to` was filled with zeros.
template <class Code>
void pack_strip(const Code* matrix, std::int64_t k, std::int64_t n, std::int64_t column, const Operand& b,
                std::int16_t* to) {
  const std::int64_t columns = std::min(kMatmulColumns, n - column);
  const std::int32_t zero_point = b.is_per_channel() ? 0 : b.zero_points.front();
  for (std::int64_t row = 0; row < k; row += 2) {
    std::int16_t* pairs = to + row * kMatmulColumns;
    const Code* first = matrix + row * n + column;
    const bool is_last = row + 1 == k;
    pair_codes(first, is_last ? nullptr : first + n, columns, 1, zero_point, pairs);
    if (!b.is_per_channel()) continue;
    for (std::int64_t i = 0; i < columns; ++i) {
      const auto own = static_cast<std::int16_t>(b.grid(column + i).zero_point);
      pairs[2 * i] = static_cast<std::int16_t>(pairs[2 * i] - own);
      if (!is_last) pairs[2 * i + 1] = static_cast<std::int16_t>(pairs[2 * i + 1] - own);
    }
  }
}

}  // namespace

bool PreparedMatmul::takes(const MatmulShape& shape, const Operand& a, const Operand& b) {
  constexpr std::int64_t kBytes = 255;
  return a.codes.max - a.codes.min <= kBytes && b.codes.max - b.codes.min <= kBytes && fits_int32(shape.k, a, b);
}

Tensor PreparedMatmul::pack(const MatmulShape& shape, const Tensor& codes, const Operand& b) {
  const std::int64_t strips = ceil_div(shape.n, kMatmulColumns);
  const std::int64_t pairs = ceil_div(shape.k, 2);
  const std::int64_t matrix_size = shape.k * shape.n;
  const std::int64_t matrices = matrix_size == 0 ? 0 : codes.size() / matrix_size;
  Tensor packed = Tensor::zeros(DType::i16, {matrices, strips, pairs, kMatmulColumns, 2});
  auto* to = packed.mutable_data<std::int16_t>();
  const std::int64_t strip_size = pairs * kMatmulColumns * 2;
  parallel_ranges(matrices * strips, grain(kPairsPerChunk, strip_size), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t matrix = i / strips * matrix_size;
      const std::int64_t column = i % strips * kMatmulColumns;
      if (codes.dtype() == DType::u8) {
        pack_strip(codes.data<std::uint8_t>() + matrix, shape.k, shape.n, column, b, to + i * strip_size);
      } else {
        pack_strip(codes.data<std::int8_t>() + matrix, shape.k, shape.n, column, b, to + i * strip_size);
      }
    }
  });
  return packed;
}

PreparedMatmul::PreparedMatmul(const MatmulShape& shape, std::int32_t a_zero_point, Tensor packed)
    : shape_(shape), a_zero_point_(a_zero_point), packed_(std::move(packed)), pairs_(ceil_div(shape.k, 2)) {}

std::unique_ptr<std::int16_t[]> PreparedMatmul::differences(const Tensor& a) const {
  const std::int64_t rows = shape_.k == 0 ? 0 : a.size() / shape_.k;
  auto all = std::make_unique_for_overwrite<std::int16_t[]>(static_cast<std::size_t>(rows * 2 * pairs_));
  const auto fill = [&](const auto* codes) {
    parallel_ranges(rows, grain(kPairsPerChunk, shape_.k), [&](std::int64_t begin, std::int64_t end) {
      if (shape_.k % 2 == 0) {  // without padding the rows are one
        const std::int64_t first = begin * shape_.k;
        code_differences(codes + first, end * shape_.k - first, a_zero_point_, all.get() + first);
        return;
      }
      for (std::int64_t row = begin; row < end; ++row) {
        std::int16_t* to = all.get() + row * 2 * pairs_;
        code_differences(codes + row * shape_.k, shape_.k, a_zero_point_, to);
        to[shape_.k] = 0;
      }
    });
  };
  if (a.dtype() == DType::u8) {
    fill(a.data<std::uint8_t>());
  } else {
    fill(a.data<std::int8_t>());
  }
  return all;
}

void PreparedMatmul::run(const Tensor& a, const std::function<void(const RowRun&)>& sink) const {
  const auto left = differences(a);
  const std::int64_t row_blocks = ceil_div(shape_.m, kRowBlock);
  const std::int64_t column_blocks = ceil_div(shape_.n, kColumnBlock);
  const std::int64_t strips = ceil_div(shape_.n, kMatmulColumns);
  const std::int64_t most_rows = std::min(shape_.m, kRowBlock);
  const std::int64_t stride = std::min(strips * kMatmulColumns, kColumnBlock);
  const auto work = [&](std::int64_t first_task, std::int64_t last_task) {
    const auto sums = std::make_unique_for_overwrite<std::int32_t[]>(static_cast<std::size_t>(most_rows * stride));
    for (std::int64_t task = first_task; task < last_task; ++task) {
      const std::int64_t row = task % row_blocks * kRowBlock;
      const std::int64_t column = task / row_blocks % column_blocks * kColumnBlock;
      const std::int64_t matrix = task / row_blocks / column_blocks;
      const Broadcast::Offsets at = shape_.matrices(matrix);
      const std::int64_t rows = std::min(kRowBlock, shape_.m - row);
      const std::int64_t columns = std::min(kColumnBlock, shape_.n - column);
      const std::int64_t strip = at.b * strips + column / kMatmulColumns;
      matmul_s16_s32(left.get() + (at.a * shape_.m + row) * 2 * pairs_, rows, pairs_,
                     packed_.data<std::int16_t>() + strip * pairs_ * kMatmulColumns * 2,
                     ceil_div(columns, kMatmulColumns) * kMatmulColumns, sums.get(), stride);
      for (std::int64_t r = 0; r < rows; ++r) {
        sink({.sums = sums.get() + r * stride,
              .n = columns,
              .column = column,
              .begin = (matrix * shape_.m + row + r) * shape_.n + column});
      }
    }
  };
  const std::int64_t products_per_task = most_rows * stride * 2 * pairs_;
  parallel_ranges(shape_.batches() * column_blocks * row_blocks, grain(kProductsPerChunk, products_per_task), work);
}

}  // namespace zeropoint::integer
