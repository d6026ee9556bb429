#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "quant/codes.h"
#include "tensor/grids.h"
#include "tensor/reals.h"

namespace zeropoint {

namespace {

/// What one chunk knows of the grids that it touches: consecutive ones, except that an axis may wrap around.
void merge_patch(const Patch& patch, const float* x, std::vector<MinMax>& ranges) {
  MinMax* at = ranges.data() + patch.grid;
  if (patch.kind == Patch::Kind::columns) return minmax_columns_f32(x, patch.count, patch.size, at);
  for (std::int64_t i = 0; i < patch.count; ++i) at[i] = merge(at[i], minmax_f32(x + i * patch.size, patch.size));
}

/// float64 is not rounded to float32 before it is compared.
std::vector<Range> grid_ranges_f64(const Tensor& x, const GridLayout& layout) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<Range> ranges(static_cast<std::size_t>(grid_count(layout)), Range{kInfinity, -kInfinity});
  for_each_patch(layout, 0, x.size(), [&](const Patch& patch) {
    for (std::int64_t i = 0; i < patch.elements(); ++i) {
      const double value = x.data<double>()[patch.begin + i];
      if (!std::isfinite(value)) continue;
      const std::int64_t step = patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size;
      Range& range = ranges[static_cast<std::size_t>(patch.grid + step)];
      range.min = std::min(range.min, value);
      range.max = std::max(range.max, value);
    }
  });
  for (Range& range : ranges) range = range.min > range.max ? Range{} : range;
  return ranges;
}

/// One list per part, merged at the end: minimum and maximum do not depend on the order.
std::vector<MinMax> grid_minmax(const Tensor& x, const GridLayout& layout) {
  constexpr std::int64_t kPart = std::int64_t{1} << 20;
  const std::int64_t grids = grid_count(layout);
  // Parts of at least as many elements as there are grids, so that the lists stay smaller than the tensor.
  const std::int64_t part = std::max(kPart, (grids + 3) / 4 * 4);
  std::vector<MinMax> all(static_cast<std::size_t>(grids));
  std::mutex lock;
  parallel_ranges(x.size(), part, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    std::vector<MinMax> mine(static_cast<std::size_t>(grids));
    const float* values = load_f32(x, begin, end, buffer);
    for_each_patch(layout, begin, end,
                   [&](const Patch& patch) { merge_patch(patch, values + patch.begin - begin, mine); });
    const std::lock_guard<std::mutex> guard(lock);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = merge(all[i], mine[i]);
  });
  return all;
}

}  // namespace

std::vector<Range> grid_ranges(const Tensor& x, const Scheme& scheme, const QuantizeOptions& options) {
  require_real(x.dtype(), options.name);
  const GridLayout layout = grid_layout(x.shape(), scheme);
  if (x.dtype() == DType::f64) {
    if (!allows_everything(options)) check_finite(x, options);
    return grid_ranges_f64(x, layout);
  }
  bool all_finite = true;
  std::vector<Range> ranges;
  for (const MinMax& seen : grid_minmax(x, layout)) {
    all_finite = all_finite && seen.is_finite;
    ranges.push_back(seen.min > seen.max ? Range{} : Range{seen.min, seen.max});
  }
  if (!all_finite && !allows_everything(options)) check_finite(x, options);
  return ranges;
}

TensorQParams choose_tensor_qparams(std::span<const Range> ranges, const Shape& shape, const Scheme& scheme,
                                    Convention convention) {
  TensorQParams qparams{.scheme = scheme, .scales = Tensor::allocate(DType::f32, grid_shape(shape, scheme))};
  if (qparams.scales.size() != static_cast<std::int64_t>(ranges.size())) {
    fail(ErrorKind::invalid_data, "ranges", "{} ranges for {} grids of shape {}", ranges.size(), qparams.scales.size(),
         to_string(shape));
  }
  if (has_integer_codes(scheme.dtype)) qparams.zero_points = Tensor::zeros(scheme.dtype, qparams.scales.shape());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const QParams chosen = choose_qparams(ranges[i], scheme, convention);
    qparams.scales.mutable_data<float>()[i] = chosen.scale;
    if (qparams.zero_points) {
      store_code(scheme.dtype, qparams.zero_points.mutable_raw(), static_cast<std::int64_t>(i), chosen.zero_point);
    }
  }
  return qparams;
}

TensorQParams choose_tensor_qparams(const Tensor& x, const Scheme& scheme, Convention convention,
                                    const QuantizeOptions& options) {
  return choose_tensor_qparams(grid_ranges(x, scheme, options), x.shape(), scheme, convention);
}

TensorQParams tensor_qparams(const Scheme& scheme, QParams qparams) {
  if (scheme.granularity != Granularity::per_tensor) {
    fail(ErrorKind::invalid_option, "scheme", "one scale for a {} scheme", name(scheme.granularity));
  }
  TensorQParams result{.scheme = scheme, .scales = Tensor::scalar(qparams.scale)};
  if (has_integer_codes(scheme.dtype)) result.zero_points = tensor_of_codes(scheme.dtype, {}, {{qparams.zero_point}});
  return result;
}

}  // namespace zeropoint
