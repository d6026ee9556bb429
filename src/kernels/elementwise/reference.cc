// Scalar twins of the vector kernels: the same steps in the same order, one element at a time.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "kernels/elementwise/binary.h"
#include "kernels/elementwise/math_constants.h"
#include "kernels/elementwise/unary.h"

namespace zeropoint {
namespace {

template <std::size_t N>
float polynomial(float x, const float (&c)[N]) {
  float sum = c[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + c[i];
  return sum;
}

float clamp(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return raised > high ? high : raised;
}

float exp_scalar(float x) {
  if (std::isnan(x)) return x;
  const float clamped = clamp(x, math::kExpLowest, math::kExpHighest);
  const float n = std::nearbyint(clamped * math::kLog2E);
  const float r = (clamped - n * math::kLn2High) - n * math::kLn2Low;
  const float p = 1.0F + (r + (r * r) * polynomial(r, math::kExp));
  const int half = static_cast<int>(std::floor(n / 2));
  return (p * std::ldexp(1.0F, half)) * std::ldexp(1.0F, static_cast<int>(n) - half);
}

float twice_atanh(float s) { return (s + s) + ((s * s) * s) * polynomial(s * s, math::kLog); }

float log_scalar(float x) {
  if (std::isnan(x)) return x;
  if (x < 0) return std::numeric_limits<float>::quiet_NaN();
  if (x == 0) return -std::numeric_limits<float>::infinity();
  if (std::isinf(x)) return x;
  int exponent = 0;
  float m = 2 * std::frexp(x, &exponent);  // [1, 2)
  --exponent;
  if (m >= 2 * math::kSqrtHalf) {
    m *= 0.5F;
    ++exponent;
  }
  const auto n = static_cast<float>(exponent);
  return (twice_atanh((m - 1.0F) / (m + 1.0F)) + n * math::kLn2Low) + n * math::kLn2High;
}

float sigmoid_scalar(float x) { return 1.0F / (1.0F + exp_scalar(-x)); }

float tanh_scalar(float x) {
  if (std::abs(x) < math::kTanhSwitch) return x + (x * (x * x)) * polynomial(x * x, math::kTanh);
  return std::copysign(1.0F - 2.0F / (exp_scalar(std::abs(x) + std::abs(x)) + 1.0F), x);
}

float erf_scalar(float x) {
  if (std::isnan(x)) return x;
  if (std::abs(x) < math::kErfSwitch) return x + x * polynomial(x * x, math::kErfSmall);
  const float magnitude = std::min(std::abs(x), math::kErfHighest);
  return std::copysign(1.0F - exp_scalar(-polynomial(magnitude, math::kErfLarge)), x);
}

float softplus_scalar(float x) {
  const float t = exp_scalar(-std::abs(x));
  return clamp(x, 0.0F, std::numeric_limits<float>::max()) + twice_atanh(t / (2.0F + t));
}

}  // namespace

namespace reference {

float unary_f32(UnaryF32 f, UnaryParams params, float x) {
  const auto [alpha, beta] = params;
  switch (f) {
    case UnaryF32::abs:
      return std::abs(x);
    case UnaryF32::neg:
      return -x;
    case UnaryF32::floor:
      return std::floor(x);
    case UnaryF32::ceil:
      return std::ceil(x);
    case UnaryF32::round:
      return std::nearbyint(x);
    case UnaryF32::sqrt:
      return std::sqrt(x);
    case UnaryF32::square:
      return x * x;
    case UnaryF32::cube:
      return (x * x) * x;
    case UnaryF32::reciprocal:
      return 1.0F / x;
    case UnaryF32::exp:
      return exp_scalar(x);
    case UnaryF32::log:
      return log_scalar(x);
    case UnaryF32::erf:
      return erf_scalar(x);
    case UnaryF32::sigmoid:
      return sigmoid_scalar(x);
    case UnaryF32::tanh:
      return tanh_scalar(x);
    case UnaryF32::relu:
      return x < 0 ? 0.0F : x;
    case UnaryF32::clip:
      return clamp(x, alpha, beta);
    case UnaryF32::leaky_relu:
      return x < 0 ? x * alpha : x;
    case UnaryF32::elu:
      return x < 0 ? alpha * (exp_scalar(x) - 1.0F) : x;
    case UnaryF32::celu:
      return x < 0 ? alpha * (exp_scalar(x / alpha) - 1.0F) : x;
    case UnaryF32::selu:
      return beta * (x > 0 ? x : alpha * (exp_scalar(x) - 1.0F));
    case UnaryF32::thresholded_relu:
      return x <= alpha ? 0.0F : x;
    case UnaryF32::hard_sigmoid:
      return clamp(alpha * x + beta, 0.0F, 1.0F);
    case UnaryF32::hard_swish:
      return x * clamp(x * (1.0F / 6.0F) + 0.5F, 0.0F, 1.0F);
    case UnaryF32::swish:
      return x * sigmoid_scalar(alpha * x);
    case UnaryF32::gelu:
      return (0.5F * x) * (1.0F + erf_scalar(x * math::kSqrtHalf));
    case UnaryF32::gelu_tanh:
      return (0.5F * x) * (1.0F + tanh_scalar(math::kSqrt2OverPi * (x + math::kGeluCubic * (x * (x * x)))));
    case UnaryF32::softplus:
      return softplus_scalar(x);
    case UnaryF32::softsign:
      return x / (1.0F + std::abs(x));
    case UnaryF32::mish:
      return x * tanh_scalar(softplus_scalar(x));
    case UnaryF32::shrink:
      if (std::isnan(x)) return x;
      return x < -alpha ? x + beta : x > alpha ? x - beta : 0.0F;
  }
  return x;
}

float binary_f32(BinaryF32 f, float a, float b) {
  switch (f) {
    case BinaryF32::add:
      return a + b;
    case BinaryF32::sub:
      return a - b;
    case BinaryF32::mul:
      return a * b;
    case BinaryF32::div:
      return a / b;
    case BinaryF32::max:
      return std::isnan(a) || a > b ? a : b;
    case BinaryF32::min:
      return std::isnan(a) || a < b ? a : b;
    case BinaryF32::prelu:
      return a < 0 ? a * b : a;
  }
  return a;
}

}  // namespace reference
}  // namespace zeropoint
