// Functions of one float32 array, element by element: y[i] = f(x[i]).
//
// y may be x itself. Any alignment, any length. Deterministic: the same bits on every instruction
// set. NaN in gives NaN out, except for the comparisons inside hard_sigmoid and hard_swish, which
// also keep it. Definitions are those of the ONNX operators of the same name.
#pragma once

#include <cstdint>

namespace zeropoint {

enum class UnaryF32 : std::uint8_t {
  abs,
  neg,
  floor,
  ceil,
  round,  // half to even
  sqrt,
  square,
  cube,  // (x x) x
  reciprocal,
  exp,
  log,
  erf,
  sigmoid,
  tanh,
  relu,
  clip,              // [alpha, beta]
  leaky_relu,        // x < 0: alpha x
  elu,               // x < 0: alpha (e^x - 1)
  celu,              // max(0, x) + min(0, alpha (e^(x / alpha) - 1))
  selu,              // beta (x > 0 ? x : alpha (e^x - 1))
  thresholded_relu,  // x > alpha ? x : 0
  hard_sigmoid,      // clamp(alpha x + beta, 0, 1)
  hard_swish,        // x clamp(x / 6 + 1/2, 0, 1)
  swish,             // x sigmoid(alpha x)
  gelu,              // x / 2 (1 + erf(x / sqrt 2))
  gelu_tanh,         // x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  softplus,          // log(1 + e^x)
  softsign,          // x / (1 + |x|)
  mish,              // x tanh(softplus(x))
  shrink,            // x < -alpha: x + beta; x > alpha: x - beta; else 0
};
constexpr int kUnaryF32Count = static_cast<int>(UnaryF32::shrink) + 1;

struct UnaryParams {
  float alpha = 0;
  float beta = 0;
};

void unary_f32(UnaryF32 f, UnaryParams params, const float* x, float* y, std::int64_t n);

namespace reference {
/// The readable twin: one element.
float unary_f32(UnaryF32 f, UnaryParams params, float x);
}  // namespace reference

}  // namespace zeropoint
