// How one axis is resampled: for each output position, which input positions count and how much.
//
// A position in the output is mapped to a coordinate of the input (ONNX Resize, attribute
// coordinate_transformation_mode), and the input around that coordinate is weighted by a kernel:
// nearest, linear (a triangle) or cubic (Keys 1981, coefficient a). With antialias, the kernel is
// stretched by 1 / scale when the axis shrinks.
#pragma once

#include <cstdint>
#include <vector>

namespace zeropoint {

enum class Coordinates {
  half_pixel,
  half_pixel_symmetric,
  pytorch_half_pixel,
  align_corners,
  asymmetric,
  tf_half_pixel_for_nn,
  tf_crop_and_resize
};
enum class Interpolation { nearest, linear, cubic };
enum class NearestMode { round_prefer_floor, round_prefer_ceil, floor, ceil };

struct ResampleOptions {
  Coordinates coordinates = Coordinates::half_pixel;
  Interpolation interpolation = Interpolation::nearest;
  NearestMode nearest_mode = NearestMode::round_prefer_floor;
  float cubic_coeff_a = -0.75F;
  bool exclude_outside = false;  // weights outside the input become 0 and the others are normalised again
  bool antialias = false;
};

/// One axis: `scale` is output / input length; the crop is in units of the input's length.
struct ResampleAxis {
  std::int64_t input = 0;
  std::int64_t output = 0;
  double scale = 1;
  double crop_start = 0;
  double crop_end = 1;
};

struct AxisFilter {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t taps = 1;                // per output position
  std::vector<std::int64_t> positions;  // [output][taps], within [0, input)
  std::vector<double> weights;          // [output][taps], sum 1
  std::vector<bool> is_outside;         // [output]: crop_and_resize left the input; empty: nowhere

  /// Every output position is the input position of the same number.
  bool is_identity() const;
};

/// The filter of an axis whose input is not empty.
AxisFilter make_axis_filter(const ResampleAxis& axis, const ResampleOptions& options);

}  // namespace zeropoint
