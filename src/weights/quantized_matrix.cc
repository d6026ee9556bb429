#include "weights/quantized_matrix.h"

#include <vector>

#include "base/fail.h"
#include "kernels/dequantize/dequantize.h"
#include "weights/all_rows.h"

namespace zeropoint {
namespace {

/// The grids of one row, zero points widened for the kernels.
class RowGrids {
 public:
  explicit RowGrids(const QuantizedMatrix& matrix)
      : matrix_(matrix),
        count_(grids_per_row(matrix.scheme, matrix.columns)),
        zero_points_(static_cast<std::size_t>(count_)) {}

  GridSpan of(std::int64_t row) {
    const std::int64_t first = matrix_.scheme.per_tensor ? 0 : row * count_;
    if (matrix_.zero_points) {
      const auto* zero_points = matrix_.zero_points.data<std::int8_t>() + first;
      std::copy(zero_points, zero_points + count_, zero_points_.begin());
    }
    return {matrix_.scales.data<float>() + first, zero_points_.data(), count_, {}};
  }

 private:
  const QuantizedMatrix& matrix_;
  std::int64_t count_;
  std::vector<std::int32_t> zero_points_;
};

void dequantize_row(const QuantizedMatrix& matrix, const std::int8_t* codes, const GridSpan& grids, float* x) {
  if (matrix.scheme.act_order) {
    const auto* groups = matrix.groups.data<std::int32_t>();
    for (std::int64_t c = 0; c < matrix.columns; ++c) {
      x[c] = static_cast<float>(codes[c] - grids.zero_points[groups[c]]) * grids.scales[groups[c]];
    }
    return;
  }
  const std::int64_t block = matrix.scheme.block_size > 0 ? matrix.scheme.block_size : matrix.columns;
  const std::int64_t whole = matrix.columns / block;
  dequantize_runs_i8_f32(codes, block, grids.from(0, whole), x);
  if (const std::int64_t rest = matrix.columns - whole * block; rest > 0) {
    const CodeGrid last = grids[whole];
    dequantize_i8_f32(codes + whole * block, rest, {last.scale, last.zero_point}, x + whole * block);
  }
}

}  // namespace

std::int64_t grids_per_row(const MatrixScheme& scheme, std::int64_t columns) {
  if (scheme.per_tensor || scheme.block_size <= 0) return 1;
  return (columns + scheme.block_size - 1) / scheme.block_size;
}

Shape matrix_grid_shape(const MatrixScheme& scheme, std::int64_t rows, std::int64_t columns) {
  if (scheme.per_tensor) return {1, 1};
  return {rows, grids_per_row(scheme, columns)};
}

void check_matrix(const QuantizedMatrix& matrix, const std::string& where) {
  const auto require = [&](const Tensor& t, DType dtype, const Shape& shape, const char* what) {
    if (t && t.dtype() == dtype && t.shape() == shape) return;
    fail(ErrorKind::invalid_model, where, "its {} are {} {}, not {} {}", what, t ? name(t.dtype()) : "missing",
         t ? to_string(t.shape()) : "", name(dtype), to_string(shape));
  };
  const Shape grids = matrix_grid_shape(matrix.scheme, matrix.rows, matrix.columns);
  require(matrix.codes, DType::i8, {matrix.rows, matrix.columns}, "codes");
  require(matrix.scales, DType::f32, grids, "scales");
  if (matrix.zero_points) require(matrix.zero_points, DType::i8, grids, "zero points");
  if (!matrix.scheme.act_order) return;
  require(matrix.groups, DType::i32, {matrix.columns}, "column groups");
  for (const std::int32_t group : matrix.groups.values<std::int32_t>()) {
    if (group < 0 || group >= grids.back()) {
      fail(ErrorKind::invalid_model, where, "a column belongs to group {}, of {} groups", group, grids.back());
    }
  }
}

void dequantize_rows(const QuantizedMatrix& matrix, std::int64_t begin, std::int64_t end, float* values) {
  RowGrids grids(matrix);
  const auto* codes = matrix.codes.data<std::int8_t>() + begin * matrix.columns;
  for (std::int64_t row = begin; row < end; ++row, codes += matrix.columns, values += matrix.columns) {
    dequantize_row(matrix, codes, grids.of(row), values);
  }
}

Tensor dequantize(const QuantizedMatrix& matrix) { return dequantize_all_rows(matrix); }

}  // namespace zeropoint
