// Arithmetic on codes: sums, products, convolutions and functions of quantized tensors whose grids
// differ, without going through real numbers where the formulas allow it.
//
// A code q stands for S (q - Z), so the formulas work on differences q - Z; real 0 is the code Z,
// which is why padding is done with Z. Activations have one grid; weights one, or one per output
// channel. Accumulators are int32 and never wrap: where a sum of K products could leave int32
// (K * largest |q_a - Z_a| * largest |q_b - Z_b| + largest |bias| >= 2^31; for uint8 by int8 that is
// K > 65 792), it is taken in int64, and a result that does leave int32 is an error.
//
// What is packed, hoisted or threaded for speed has a twin of the same name in integer::reference: one
// line of arithmetic per element, for reading and for testing whatever is faster. Both give the same
// bits, for any number of threads.
//
// Errors: invalid_data for shapes that do not fit each other, a bias of another size or type, and sums that leave
// int32; invalid_option for codes that are no integers of at most 16 bits, granularities other than those named, and
// windows that make no sense. Derivations: docs/quantization.md; Jacob et al. 2018, sections 2.2 to 2.4.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "zeropoint/quant.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// Codes and the grids they lie on.
struct QuantizedTensor {
  Tensor codes;
  TensorQParams qparams;
};

/// How the kernel of a convolution or pool moves over the spatial dimensions (1, 2 or 3 of them).
/// Empty lists mean 1 everywhere, and 0 for pads.
struct WindowOptions {
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  std::vector<std::int64_t> pads;  // all begins, then all ends, as in ONNX
  std::int64_t groups = 1;         // convolution only
  bool count_include_pad = false;  // average pool only: padded positions count as zeros
};

/// Functions of one real number that a table can hold.
enum class UnaryFunction { relu, leaky_relu, sigmoid, hard_sigmoid, tanh, elu, hard_swish, silu, gelu, exp, sqrt };

std::string_view name(UnaryFunction function);

namespace integer {

/// q_y = Z_y + (S_a / S_y)(q_a - Z_a) + (S_b / S_y)(q_b - Z_b), with broadcasting.
///
///   onnx         in float64 from float32 ratios; rounded once, after Z_y was added
///   ort_x86      float32, in the order of ONNX Runtime's QLinearAdd: (Z_y - (r_a Z_a + r_b Z_b)) + q_a r_a + q_b r_b
///   fixed_point  TensorFlow Lite's: differences shifted left by 20, three Q31 multipliers
QuantizedTensor add(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic = Arithmetic::onnx);

/// q_y = Z_y + M (q_a - Z_a)(q_b - Z_b) with M = S_a S_b / S_y, with broadcasting. ort_x86 rounds
/// after Z_y was added, as ONNX Runtime's QLinearMul does. Codes of at most 8 bits.
QuantizedTensor mul(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic = Arithmetic::onnx);

/// sum over k of (q_a - Z_a)(q_b - Z_b), int32: a is [..., m, k], b is [..., k, n], leading dimensions
/// broadcast. b may have one grid per column. Vectors are taken as a row, and as a column.
Tensor matmul_accumulators(const QuantizedTensor& a, const QuantizedTensor& b);

/// q_y = Z_y + M (accumulator + bias), M = S_a S_b / S_y per column. `bias` is int32 [n] of scale
/// S_a S_b and zero point 0, or absent.
QuantizedTensor matmul(const QuantizedTensor& a, const QuantizedTensor& b, const Tensor& bias,
                       const TensorQParams& output, Arithmetic arithmetic = Arithmetic::onnx);

/// What a bias does whose sum with the accumulator leaves int32.
enum class BiasOverflow {
  error,
  saturate,  // stays at the end of int32, next to which the sum lies; models in the wild have such biases
};

/// x is [n, c, spatial...], w is [m, c / groups, kernel...] with one grid or one per output channel
/// (axis 0). Outside of x the code is Z_x: real zeros.
Tensor conv_accumulators(const QuantizedTensor& x, const QuantizedTensor& w, const WindowOptions& window = {});

/// Like matmul: requantized per output channel; `bias` is int32 [m], or absent.
QuantizedTensor conv(const QuantizedTensor& x, const QuantizedTensor& w, const Tensor& bias,
                     const WindowOptions& window, const TensorQParams& output, Arithmetic arithmetic = Arithmetic::onnx,
                     BiasOverflow overflow = BiasOverflow::error);

/// Joins along `axis`; every input is carried to the output's grid. Inputs on that grid are copied.
QuantizedTensor concat(std::span<const QuantizedTensor> inputs, int axis, const TensorQParams& output,
                       Arithmetic arithmetic = Arithmetic::onnx);

/// q_y = Z_y + M sum over the window of (q_x - Z_x), M = S_x / (S_y count): int32 sums, one multiplier
/// per number of positions that count. `kernel` has one entry per spatial dimension.
QuantizedTensor average_pool(const QuantizedTensor& x, std::span<const std::int64_t> kernel,
                             const WindowOptions& window, const TensorQParams& output,
                             Arithmetic arithmetic = Arithmetic::onnx);

/// average_pool over all spatial positions: [n, c, 1...].
QuantizedTensor global_average_pool(const QuantizedTensor& x, const TensorQParams& output,
                                    Arithmetic arithmetic = Arithmetic::onnx);

/// table[q - qmin] is the code of function(S (q - Z)) for every code q of the input's type: 256 entries
/// for 8 bits. The function is taken in float64 and rounded to float32 before it is quantized.
/// `alpha` is the slope of leaky_relu, hard_sigmoid and elu; `beta` the offset of hard_sigmoid.
struct TableOptions {
  float alpha = 0.01F;
  float beta = 0.5F;
};
std::vector<std::int32_t> make_table(UnaryFunction function, const TensorQParams& input, const TensorQParams& output,
                                     const TableOptions& options = {});

/// The function of every element, by table.
QuantizedTensor apply(UnaryFunction function, const QuantizedTensor& x, const TensorQParams& output,
                      const TableOptions& options = {});

namespace reference {
QuantizedTensor add(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic = Arithmetic::onnx);
QuantizedTensor mul(const QuantizedTensor& a, const QuantizedTensor& b, const TensorQParams& output,
                    Arithmetic arithmetic = Arithmetic::onnx);
Tensor matmul_accumulators(const QuantizedTensor& a, const QuantizedTensor& b);
QuantizedTensor matmul(const QuantizedTensor& a, const QuantizedTensor& b, const Tensor& bias,
                       const TensorQParams& output, Arithmetic arithmetic = Arithmetic::onnx);
Tensor conv_accumulators(const QuantizedTensor& x, const QuantizedTensor& w, const WindowOptions& window = {});
QuantizedTensor conv(const QuantizedTensor& x, const QuantizedTensor& w, const Tensor& bias,
                     const WindowOptions& window, const TensorQParams& output,
                     Arithmetic arithmetic = Arithmetic::onnx);
QuantizedTensor average_pool(const QuantizedTensor& x, std::span<const std::int64_t> kernel,
                             const WindowOptions& window, const TensorQParams& output,
                             Arithmetic arithmetic = Arithmetic::onnx);
}  // namespace reference

}  // namespace integer
}  // namespace zeropoint
