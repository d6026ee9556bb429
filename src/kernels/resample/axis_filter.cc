#include "kernels/resample/axis_filter.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace zeropoint {
namespace {

/// Where output position `i` lies in the input. The exact output length, scale * input, may have a fraction that the
/// output lost; ONNX's reference keeps it.
double coordinate(const ResampleAxis& axis, Coordinates mode, std::int64_t i) {
  const auto x = static_cast<double>(i);
  const auto input = static_cast<double>(axis.input);
  const double output = axis.scale * input;
  switch (mode) {
    case Coordinates::half_pixel:
      return (x + 0.5) / axis.scale - 0.5;
    case Coordinates::half_pixel_symmetric: {
      const double adjustment = static_cast<double>(axis.output) / output;
      return input / 2 * (1 - adjustment) + (x + 0.5) / axis.scale - 0.5;
    }
    case Coordinates::pytorch_half_pixel:
      return axis.output > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
    case Coordinates::align_corners:
      return output != 1 ? x * (input - 1) / (output - 1) : 0;
    case Coordinates::asymmetric:
      return x / axis.scale;
    case Coordinates::tf_half_pixel_for_nn:
      return (x + 0.5) / axis.scale;
    case Coordinates::tf_crop_and_resize:
      return output != 1
                 ? axis.crop_start * (input - 1) + x * (axis.crop_end - axis.crop_start) * (input - 1) / (output - 1)
                 : 0.5 * (axis.crop_start + axis.crop_end) * (input - 1);
  }
  return 0;
}

double nearest(double x, NearestMode mode) {
  switch (mode) {
    case NearestMode::round_prefer_floor:
      return std::ceil(x - 0.5);
    case NearestMode::round_prefer_ceil:
      return std::floor(x + 0.5);
    case NearestMode::floor:
      return std::floor(x);
    case NearestMode::ceil:
      return std::ceil(x);
  }
  return x;
}

double triangle(double distance) { return std::max(0.0, 1 - std::abs(distance)); }

double cubic(double distance, double a) {
  const double x = std::abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

void make_nearest(const ResampleAxis& axis, const ResampleOptions& options, AxisFilter& filter) {
  for (std::int64_t i = 0; i < axis.output; ++i) {
    const double at = nearest(coordinate(axis, options.coordinates, i), options.nearest_mode);
    filter.positions.push_back(static_cast<std::int64_t>(std::clamp(at, 0.0, static_cast<double>(axis.input - 1))));
    filter.weights.push_back(1);
  }
}

/// The weights of output position `i`, normalised.
void add_weights(const ResampleAxis& axis, const ResampleOptions& options, double stretch, double x,
                 AxisFilter& filter) {
  const std::int64_t before = filter.taps / 2 - 1;  // taps left of x
  const double first = std::floor(x) - static_cast<double>(before);
  const std::size_t start = filter.weights.size();
  double sum = 0;
  for (std::int64_t k = 0; k < filter.taps; ++k) {
    const double at = first + static_cast<double>(k);
    const double distance = (at - x) * stretch;
    double weight =
        options.interpolation == Interpolation::linear ? triangle(distance) : cubic(distance, options.cubic_coeff_a);
    const double inside = std::clamp(at, 0.0, static_cast<double>(axis.input - 1));
    if (options.exclude_outside && inside != at) weight = 0;
    filter.positions.push_back(static_cast<std::int64_t>(inside));
    filter.weights.push_back(weight);
    sum += weight;
  }
  if (sum == 0) sum = 1;  // the coordinate is farther outside than the kernel reaches
  for (std::size_t k = start; k < filter.weights.size(); ++k) filter.weights[k] /= sum;
}

}  // namespace

bool AxisFilter::is_identity() const {
  if (input != output || taps != 1 || !is_outside.empty()) return false;
  for (std::int64_t i = 0; i < output; ++i) {
    if (positions[static_cast<std::size_t>(i)] != i) return false;
  }
  return true;
}

AxisFilter make_axis_filter(const ResampleAxis& axis, const ResampleOptions& options) {
  AxisFilter filter{.input = axis.input, .output = axis.output};
  const bool is_crop = options.coordinates == Coordinates::tf_crop_and_resize;
  const bool changes_nothing = axis.input == axis.output && axis.scale == 1 && !is_crop;
  if (options.interpolation == Interpolation::nearest) {
    make_nearest(axis, options, filter);
  } else if (changes_nothing) {
    for (std::int64_t i = 0; i < axis.output; ++i) {
      filter.positions.push_back(i);
      filter.weights.push_back(1);
    }
  } else {
    const double stretch = options.antialias ? std::min(1.0, axis.scale) : 1.0;
    const double radius = options.interpolation == Interpolation::linear ? 1 : 2;
    filter.taps = 2 * static_cast<std::int64_t>(std::ceil(radius / stretch));
    for (std::int64_t i = 0; i < axis.output; ++i) {
      add_weights(axis, options, stretch, coordinate(axis, options.coordinates, i), filter);
    }
  }
  if (is_crop) {
    for (std::int64_t i = 0; i < axis.output; ++i) {
      const double x = coordinate(axis, options.coordinates, i);
      filter.is_outside.push_back(x < 0 || x > static_cast<double>(axis.input - 1));
    }
    if (std::find(filter.is_outside.begin(), filter.is_outside.end(), true) == filter.is_outside.end()) {
      filter.is_outside.clear();
    }
  }
  return filter;
}

}  // namespace zeropoint
