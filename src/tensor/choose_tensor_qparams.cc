#include <cmath>
#include <limits>

#include "base/fail.h"
#include "quant/codes.h"
#include "tensor/grids.h"
#include "tensor/reals.h"

namespace zeropoint {

std::vector<Range> grid_ranges(const Tensor& x, const Scheme& scheme, const QuantizeOptions& options) {
  require_real(x.dtype(), options.name);
  const GridLayout layout = grid_layout(x.shape(), scheme);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<Range> ranges(static_cast<std::size_t>(grid_count(layout)), Range{kInfinity, -kInfinity});
  check_finite(x, options);
  for_each_segment(layout, 0, x.size(), [&](const Segment& segment) {
    for (std::int64_t i = 0; i < segment.size; ++i) {
      const double value = load_real(x.dtype(), x.raw(), segment.begin + i);
      if (!std::isfinite(value)) continue;
      Range& range = ranges[static_cast<std::size_t>(segment.grid + segment.stride * i)];
      range.min = std::min(range.min, value);
      range.max = std::max(range.max, value);
    }
  });
  for (Range& range : ranges) {
    if (range.min > range.max) range = {};
  }
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
