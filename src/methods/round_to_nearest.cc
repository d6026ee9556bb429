#include "methods/round_to_nearest.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "kernels/quantize/quantize.h"
#include "methods/clip_search.h"
#include "methods/finite_weight.h"
#include "methods/matrix_grid.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work

std::int64_t rows_per_piece(std::int64_t columns) { return std::max<std::int64_t>(1, kGrain / columns); }

/// Grids and codes of rows on their own grids.
class RowRounder {
 public:
  RowRounder(const MatrixScheme& scheme, const MatrixGridRule& rule, bool clips, QuantizedMatrix& to)
      : rule_(rule),
        clips_(clips),
        columns_(to.columns),
        block_(scheme.block_size > 0 ? std::min(scheme.block_size, to.columns) : to.columns),
        grids_(grids_per_row(scheme, to.columns)),
        zero_points_(static_cast<std::size_t>(grids_)),
        codes_(to.codes.mutable_data<std::int8_t>()),
        scales_(to.scales.mutable_data<float>()),
        stored_zero_points_(to.zero_points ? to.zero_points.mutable_data<std::int8_t>() : nullptr) {}

  /// False when the row has a NaN or an infinity.
  bool round(const float* x, std::int64_t row) {
    float* scales = scales_ + row * grids_;
    for (std::int64_t g = 0; g < grids_; ++g) {
      const std::int64_t begin = g * block_;
      const std::int64_t size = std::min(block_, columns_ - begin);
      const MinMax range = minmax_f32(x + begin, size);
      if (!range.is_finite) return false;
      const QParams grid =
          clips_ ? search_clipped_grid(rule_, x + begin, size, range.min, range.max) : rule_(range.min, range.max);
      scales[g] = grid.scale;
      zero_points_[static_cast<std::size_t>(g)] = grid.zero_point;
    }
    const std::int64_t whole = columns_ / block_;
    const GridSpan grids{scales, zero_points_.data(), grids_, rule_.codes()};
    std::int8_t* q = codes_ + row * columns_;
    if (whole == 1) {
      quantize_f32_i8(x, block_, grids[0], q);
    } else {
      quantize_runs_f32_i8(x, block_, grids.from(0, whole), q);
    }
    if (whole < grids_)
      quantize_f32_i8(x + whole * block_, columns_ - whole * block_, grids[whole], q + whole * block_);
    if (stored_zero_points_ != nullptr) {
      std::copy(zero_points_.begin(), zero_points_.end(), stored_zero_points_ + row * grids_);
    }
    return true;
  }

 private:
  const MatrixGridRule& rule_;
  bool clips_;
  std::int64_t columns_;
  std::int64_t block_;
  std::int64_t grids_;
  std::vector<std::int32_t> zero_points_;
  std::int8_t* codes_;
  float* scales_;
  std::int8_t* stored_zero_points_;
};

/// Calls body(values, first row, end row) for pieces of the matrix as float32; false when one of them returned it.
template <class Body>
bool for_each_piece(const Tensor& weight, std::int64_t columns, const Body& body) {
  std::atomic<bool> all = true;
  parallel_ranges(weight.size() / columns, rows_per_piece(columns), [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    const float* x = load_f32(weight, begin * columns, end * columns, buffer);
    if (!body(x, begin, end)) all = false;
  });
  return all;
}

bool round_rows(const Tensor& weight, const MatrixGridRule& rule, bool clips, QuantizedMatrix& to) {
  std::atomic<bool> all = true;
  parallel_ranges(to.rows, rows_per_piece(to.columns), [&](std::int64_t begin, std::int64_t end) {
    RowRounder rounder(to.scheme, rule, clips, to);
    std::vector<float> buffer;
    for (std::int64_t row = begin; row < end; ++row) {
      const float* x = load_f32(weight, row * to.columns, (row + 1) * to.columns, buffer);
      if (!rounder.round(x, row)) all = false;
    }
  });
  return all;
}

bool round_tensor(const Tensor& weight, const MatrixGridRule& rule, bool clips, QuantizedMatrix& to) {
  const std::int64_t rows = rows_per_piece(to.columns);
  std::vector<MinMax> ranges(static_cast<std::size_t>((to.rows + rows - 1) / rows));
  for_each_piece(weight, to.columns, [&](const float* x, std::int64_t begin, std::int64_t end) {
    ranges[static_cast<std::size_t>(begin / rows)] = minmax_f32(x, (end - begin) * to.columns);
    return true;
  });
  MinMax range;
  for (const MinMax& piece : ranges) range = merge(range, piece);
  if (!range.is_finite) return false;
  QParams grid = rule(range.min, range.max);
  if (clips) {
    std::vector<float> buffer;
    grid = search_clipped_grid(rule, load_f32(weight, 0, weight.size(), buffer), weight.size(), range.min, range.max);
  }
  to.scales.mutable_data<float>()[0] = grid.scale;
  if (to.zero_points) to.zero_points.mutable_data<std::int8_t>()[0] = static_cast<std::int8_t>(grid.zero_point);
  auto* codes = to.codes.mutable_data<std::int8_t>();
  return for_each_piece(weight, to.columns, [&](const float* x, std::int64_t begin, std::int64_t end) {
    return quantize_f32_i8(x, (end - begin) * to.columns, {grid.scale, grid.zero_point, rule.codes()},
                           codes + begin * to.columns);
  });
}

}  // namespace

QuantizedMatrix allocate_matrix(const MatrixScheme& scheme, std::int64_t rows, std::int64_t columns) {
  QuantizedMatrix to{.scheme = scheme, .rows = rows, .columns = columns};
  const Shape grids = matrix_grid_shape(scheme, rows, columns);
  to.codes = Tensor::allocate(DType::i8, {rows, columns});
  to.scales = Tensor::allocate(DType::f32, grids);
  if (!scheme.symmetric) to.zero_points = Tensor::allocate(DType::i8, grids);
  return to;
}

void round_to_nearest_into(QuantizedMatrix& to, const Tensor& weight, const RoundToNearestOptions& options,
                           const std::string& where) {
  const MatrixGridRule rule(to.scheme, options.storage);
  if (weight.size() == 0) return;
  const auto round = to.scheme.per_tensor ? round_tensor : round_rows;
  if (!round(weight, rule, options.clip_search, to)) fail_not_finite(weight, where);
}

QuantizedMatrix round_to_nearest(const Tensor& weight, const MatrixScheme& scheme, const RoundToNearestOptions& options,
                                 const std::string& where) {
  QuantizedMatrix to = allocate_matrix(scheme, weight.dim(0), weight.dim(1));
  round_to_nearest_into(to, weight, options, where);
  return to;
}

QuantizedWeight round_weight_to_nearest(const Tensor& weight, const WeightScheme& scheme, const MethodOptions& options,
                                        const GridStorage& storage, const std::string& where) {
  return round_to_nearest(weight, std::get<MatrixScheme>(scheme), {storage, options.clip_search}, where);
}

}  // namespace zeropoint
