// Schemes, scales and zero points: the vocabulary of affine quantization, and the functions that
// carry real tensors to codes and back.
//
//   q  = clamp(round(x / scale) + zero_point, qmin, qmax)        (quantize)
//   x' = scale * (q - zero_point)                                (dequantize)
//
// A Scheme says which grid is wanted; a range (or data) turns it into QParams. docs/quantization.md
// derives every formula. Rounding is half to even, the division is a true float32 division (float64
// for float64 input). Sources: ONNX QuantizeLinear/DequantizeLinear (opsets 10 to 25); Jacob et
// al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
// Inference"; Krishnamoorthi 2018.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zeropoint/dtype.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

enum class Granularity { per_tensor, per_axis, blocked };

/// Whose formulas choose scale and zero point. They differ in the last digits; docs/quantization.md shows how.
enum class Convention { onnx, torch, ort, distiller, blog, tflite };

std::string_view name(Granularity granularity);
std::string_view name(Convention convention);

/// The inverse of name(); nullopt for a word that names none.
std::optional<Granularity> parse_granularity(std::string_view word);
std::optional<Convention> parse_convention(std::string_view word);

/// Which grid of codes is wanted for a tensor. Code types: int2 to int16, uint2 to uint16, int32,
/// and the 8-bit and 4-bit floats (symmetric by nature: they have no zero point).
struct Scheme {
  DType dtype = DType::i8;
  bool symmetric = false;     // zero_point fixed to the middle code (0, or 128 for uint8)
  bool narrow_range = false;  // symmetric signed: drop the lowest code, [-127, 127]
  bool power_of_two = false;  // scale rounded up to a power of two
  Granularity granularity = Granularity::per_tensor;
  int axis = 0;                 // per_axis: one grid per slice along it; blocked: the blocks run along it
  std::int64_t block_size = 0;  // blocked only; the last block may be short

  bool operator==(const Scheme&) const = default;
};

/// A closed real interval.
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

/// Lowest and highest code in use.
struct CodeRange {
  std::int32_t min = 0;
  std::int32_t max = 0;

  bool operator==(const CodeRange&) const = default;
};

/// Lowest and highest code that `scheme` uses. Throws invalid_option for a type without integer codes.
CodeRange code_range(const Scheme& scheme);
std::int32_t qmin(const Scheme& scheme);
std::int32_t qmax(const Scheme& scheme);

/// How a grid came about: every number between the range and its scale and zero point.
struct Derivation {
  Range range;                         // as given
  Range widened;                       // after 0 was included, and made symmetric if asked for
  CodeRange codes;                     // what the range was laid onto (all zero for float codes)
  double exact_scale = 1;              // equation (1) in double
  double exact_zero_point = 0;         // equation (2) before rounding
  QParams qparams;                     // the choice, rounded as the convention rounds
  double multiplier = 1;               // 1 / scale: what inverse-scale conventions publish
  std::int64_t native_zero_point = 0;  // in the convention's own sign (Distiller subtracts its zero point)
  Range effective;                     // what the codes can represent: scale * (codes - zero_point)
  bool is_zero_range = false;          // the tensor is constant zero: scale 1 by definition
  bool is_scale_raised = false;        // the scale was below what the convention allows and was raised
};

/// Equations (1) and (2) of docs/quantization.md after widening `range` to contain 0.
/// A zero range gives scale 1. Throws invalid_data when the range is not finite or min > max, and
/// invalid_option for a scheme that makes no sense.
Derivation derive_qparams(Range range, const Scheme& scheme, Convention convention = Convention::onnx);
QParams choose_qparams(Range range, const Scheme& scheme, Convention convention = Convention::onnx);

/// The same for codes that no Scheme names, for example seven bits of uint8: affine, with zero point.
QParams choose_affine_qparams(Range range, CodeRange codes, Convention convention = Convention::onnx);

enum class Rounding { half_even, half_away };

/// One value, the definition itself, in the arithmetic of Real (float or double).
/// NaN becomes the zero point, infinities saturate.
template <class Real>
std::int32_t quantize_value(Real x, Real scale, std::int32_t zero_point, CodeRange codes,
                            Rounding rounding = Rounding::half_even);
extern template std::int32_t quantize_value(float, float, std::int32_t, CodeRange, Rounding);
extern template std::int32_t quantize_value(double, double, std::int32_t, CodeRange, Rounding);

/// scale * (q - zero_point), the difference taken exactly.
float dequantize_value(std::int32_t q, QParams qparams);

/// How an int32 accumulator, a sum of products of codes, becomes a code again. docs/quantization.md compares them.
enum class Arithmetic {
  onnx,         // rint(acc * m + Z) in float64, m in float32: ONNX's reference; the zero point is added before rounding
  ort_x86,      // rint(clamp(float(acc) * m, qmin - Z, qmax - Z)) + Z in float32: ONNX Runtime on x86
  fixed_point,  // integers only: a Q31 multiplier and a shift, as on a microcontroller
};

std::string_view name(Arithmetic arithmetic);                       // "onnx", "ort-x86", "fixed-point"
std::optional<Arithmetic> parse_arithmetic(std::string_view word);  // nullopt for a word that names none

/// M = m0 / 2^31 * 2^shift with m0 / 2^31 in [1/2, 1), or m0 = 0.
struct FixedPointMultiplier {
  std::int32_t m0 = 0;
  std::int32_t shift = 0;

  bool operator==(const FixedPointMultiplier&) const = default;
};

/// The nearest multiplier to a positive real; below 2^-32 it is 0, above 2^30 the largest there is.
FixedPointMultiplier fixed_point_multiplier(double m);

/// acc * M: a saturating rounding doubling high multiply (half towards +infinity), then a rounding right shift
/// (half away from zero). A left shift saturates.
std::int32_t multiply_by_fixed_point(std::int32_t acc, FixedPointMultiplier m);

/// M = S_a S_b / S_y in the forms that the three arithmetics need.
struct Rescale {
  float multiplier = 1.0F;     // float32 product, then float32 quotient
  FixedPointMultiplier fixed;  // from the same scales in float64
};
Rescale make_rescale(float lhs_scale, float rhs_scale, float output_scale);

/// One accumulator to one code.
std::int32_t requantize_value(std::int32_t acc, const Rescale& rescale, std::int32_t zero_point, CodeRange codes,
                              Arithmetic arithmetic = Arithmetic::onnx);

/// The grids of a whole tensor. `scales` and `zero_points` have the shape that ONNX gives them:
/// [] per tensor, [n] per axis, the tensor's shape with `axis` divided (rounded up) for blocked.
struct TensorQParams {
  Scheme scheme;
  Tensor scales;       // float32
  Tensor zero_points;  // scheme.dtype, or absent: all zero (always so for float codes)
};

/// The shape of `scales` for a tensor of shape `shape`. Throws invalid_option when the axis or the
/// block size does not fit.
Shape grid_shape(const Shape& shape, const Scheme& scheme);

/// What to do with values that no range can contain.
enum class NanPolicy { error, zero };  // zero: a NaN becomes the zero point
enum class InfPolicy { error, clip };  // clip: infinity becomes the lowest or highest code

struct QuantizeOptions {
  NanPolicy nan = NanPolicy::error;
  InfPolicy inf = InfPolicy::error;
  std::string_view name = "tensor";  // what an error calls the tensor
};

/// Smallest and largest finite value of each grid of `scheme`, in the order of its scales; {0, 0} for an
/// empty grid. NaN and infinities are an error (invalid_data), or left out, as `options` say. Throws invalid_option
/// for a type that is no float or an axis that x does not have.
std::vector<Range> grid_ranges(const Tensor& x, const Scheme& scheme, const QuantizeOptions& options = {});

/// Scale and zero point of every grid, from the data's own minimum and maximum, or from given ranges, one per grid in
/// the order of grid_shape(shape, scheme). Throws what grid_ranges() and choose_qparams() throw, and invalid_data for
/// another number of ranges.
TensorQParams choose_tensor_qparams(const Tensor& x, const Scheme& scheme, Convention convention = Convention::onnx,
                                    const QuantizeOptions& options = {});
TensorQParams choose_tensor_qparams(std::span<const Range> ranges, const Shape& shape, const Scheme& scheme,
                                    Convention convention = Convention::onnx);

/// The grids of a per-tensor scheme. Throws invalid_option for another granularity.
TensorQParams tensor_qparams(const Scheme& scheme, QParams qparams);

/// float32, float16, bfloat16 or float64 to codes. The result has x's shape and the scheme's dtype; quantize_into()
/// wants a `q` of both. Throws invalid_option for types or an axis that do not fit, invalid_data for grids that do not
/// fit x, a scale that is not positive and finite, and the NaN and infinities that `options` forbid.
Tensor quantize(const Tensor& x, const TensorQParams& qparams, const QuantizeOptions& options = {});
void quantize_into(const Tensor& x, const TensorQParams& qparams, Tensor& q, const QuantizeOptions& options = {});

/// Codes to float32, float16, bfloat16 or float64: the product is taken in float32, then converted. dequantize_into()
/// wants an `x` of q's shape. Throws as quantize() does.
Tensor dequantize(const Tensor& q, const TensorQParams& qparams, DType out = DType::f32);
void dequantize_into(const Tensor& q, const TensorQParams& qparams, Tensor& x);

/// dequantize(quantize(x)) without keeping the codes; the result has x's type. Throws as quantize() does.
Tensor fake_quantize(const Tensor& x, const TensorQParams& qparams, const QuantizeOptions& options = {});

/// Codes (int32 accumulators, say) from one grid to another without a detour through real values.
/// acc = q - zero_point is multiplied by the ratio of the scales. `to` is per_tensor or has the granularity of `from`:
/// invalid_option otherwise. Throws as quantize() does.
Tensor requantize(const Tensor& q, const TensorQParams& from, const TensorQParams& to,
                  Arithmetic arithmetic = Arithmetic::onnx);

/// Integer codes of at most 32 bits, unpacked and widened; and back (throws invalid_data when one does not fit).
std::vector<std::int32_t> codes_of(const Tensor& q);
Tensor tensor_of_codes(DType dtype, Shape shape, std::span<const std::int32_t> codes);

}  // namespace zeropoint
