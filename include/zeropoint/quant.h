// Schemes, scales and zero points: the vocabulary of affine quantization.
//
//   q  = clamp(round(x / scale) + zero_point, qmin, qmax)        (quantize)
//   x' = scale * (q - zero_point)                                (dequantize)
//
// A Scheme says which grid is wanted; a range (or data) turns it into QParams. docs/quantization.md
// derives every formula. Sources: ONNX QuantizeLinear/DequantizeLinear (opsets 10 to 25); Jacob et
// al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
// Inference"; Krishnamoorthi 2018.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zeropoint/dtype.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

enum class Granularity { per_tensor, per_axis, blocked };

/// Whose formulas choose scale and zero point. They differ in the last digits; docs/quantization.md shows how.
enum class Convention { onnx, torch, ort, distiller, blog, tflite };

/// Which grid of codes is wanted for a tensor.
struct Scheme {
  DType dtype = DType::i8;
  bool symmetric = false;     // zero_point fixed to the middle code (0, or 128 for uint8)
  bool narrow_range = false;  // symmetric signed: drop the lowest code, [-127, 127]
  bool power_of_two = false;  // scale rounded up to a power of two
  Granularity granularity = Granularity::per_tensor;
  int axis = 0;                  // per_axis: one grid per slice along it; blocked: the blocks run along it
  std::int64_t block_size = 0;   // blocked only; the last block may be short

  bool operator==(const Scheme&) const = default;
};

/// A closed real interval; empty() until something was seen.
struct Range {
  double min = 0;
  double max = 0;

  bool operator==(const Range&) const = default;
};

/// Scale and zero point of one grid.
struct QParams {
  float scale = 1.0F;
  std::int32_t zero_point = 0;

  bool operator==(const QParams&) const = default;
};

/// Lowest and highest code that `scheme` uses.
std::int32_t qmin(const Scheme& scheme);
std::int32_t qmax(const Scheme& scheme);

/// Equations (1) and (2) of docs/quantization.md after widening `range` to contain 0.
/// A zero range gives scale 1. Throws invalid_data when the range is not finite or min > max.
QParams choose_qparams(Range range, const Scheme& scheme, Convention convention = Convention::onnx);

/// The grids of a whole tensor. `scales` and `zero_points` have the shape that ONNX gives them:
/// [] per tensor, [n] per axis, the tensor's shape with `axis` divided (rounded up) for blocked.
struct TensorQParams {
  Scheme scheme;
  Tensor scales;       // float32
  Tensor zero_points;  // scheme.dtype, or absent (no handle) for float codes
};

}  // namespace zeropoint
