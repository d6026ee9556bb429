// From a range to a scale and a zero point, by the formulas of six sources. The numbered equations
// are those of docs/quantization.md:
//
//   S = (beta - alpha) / (qmax - qmin)          (1)
//   Z = round(qmin - alpha / S)                 (2)
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fail.h"
#include "quant/scheme.h"

namespace zeropoint {
namespace {

constexpr float kSmallestScale = std::numeric_limits<float>::min();  // below it scales would be subnormal
constexpr float kLargestScale = std::numeric_limits<float>::max();
constexpr float kLargestMultiplier = 1 / kSmallestScale;            // of the conventions that invert the scale
constexpr float kTorchEps = std::numeric_limits<float>::epsilon();  // 2^-23, torch.finfo(torch.float32).eps

/// What a convention gets: a range that contains 0 (alpha = -beta when symmetric) and its codes.
struct Problem {
  double alpha;
  double beta;
  CodeRange codes;
  bool symmetric;
  bool is_zero_range() const { return alpha == 0 && beta == 0; }
  double steps() const { return static_cast<double>(codes.max) - codes.min; }
  std::int32_t middle() const { return static_cast<std::int32_t>((std::int64_t{codes.min} + codes.max + 1) / 2); }
};

struct Choice {
  float scale = 1.0F;
  double zero_point = 0;  // integral, not yet clamped
  bool is_scale_raised = false;
  double multiplier = 0;  // set where the source computes 1 / scale and not scale
};

Choice raised(double scale) {
  if (scale < kSmallestScale) return {.scale = kSmallestScale, .is_scale_raised = true};
  return {.scale = static_cast<float>(std::min(scale, static_cast<double>(kLargestScale)))};
}

/// beta - alpha in float32 as the published code has it, in double only where float32 overflows.
double float32_width(const Problem& p) {
  const float width = static_cast<float>(p.beta) - static_cast<float>(p.alpha);
  return std::isfinite(width) ? static_cast<double>(width) : p.beta - p.alpha;
}

/// Equation (1) in double, rounded to float32, then (2) in float32 as ONNX DynamicQuantizeLinear-11 has it. The
/// operator itself subtracts in float32, which can overflow and costs the scale its last digit.
Choice choose_onnx(const Problem& p) {
  if (p.is_zero_range()) return {.zero_point = static_cast<double>(p.symmetric ? p.middle() : 0)};
  Choice c = raised((p.beta - p.alpha) / p.steps());
  c.zero_point =
      p.symmetric ? p.middle() : std::rint(static_cast<float>(p.codes.min) - static_cast<float>(p.alpha) / c.scale);
  return c;
}

/// torch.ao.quantization UniformQuantizationObserverBase._calculate_qparams, in float32.
Choice choose_torch(const Problem& p) {
  const double scale = p.symmetric ? static_cast<double>(static_cast<float>(p.beta) / static_cast<float>(p.steps() / 2))
                                   : float32_width(p) / p.steps();
  Choice c{.scale = std::max(static_cast<float>(scale), kTorchEps), .is_scale_raised = scale < kTorchEps};
  c.zero_point = p.symmetric ? p.middle() : p.codes.min - std::rint(static_cast<float>(p.alpha) / c.scale);
  return c;
}

/// onnxruntime.quantization.quant_utils.compute_scale_zp: double from a float32 difference; Z before S is rounded.
Choice choose_ort(const Problem& p) {
  const double scale = float32_width(p) / p.steps();
  if (scale < kSmallestScale) return {};  // scale 1, zero point 0
  const double zero_point = p.symmetric ? std::rint((static_cast<double>(p.codes.min) + p.codes.max) / 2)
                                        : std::rint(p.codes.min - static_cast<float>(p.alpha) / scale);
  return {.scale = static_cast<float>(scale), .zero_point = zero_point};
}

/// distiller.quantization.q_utils: multiplier n / width in float32; its zero point round(multiplier * alpha) is
/// subtracted.
Choice choose_distiller(const Problem& p) {
  if (p.is_zero_range()) return {.zero_point = static_cast<double>(p.symmetric ? p.middle() : p.codes.min)};
  const double width = p.symmetric ? static_cast<float>(p.beta) : float32_width(p);
  const double steps = p.symmetric ? p.steps() / 2 : p.steps();
  const float multiplier = std::min(static_cast<float>(steps / width), kLargestMultiplier);
  Choice c = raised(1.0 / multiplier);
  c.multiplier = multiplier;
  c.is_scale_raised = multiplier == kLargestMultiplier;
  c.zero_point = p.symmetric ? p.middle() : p.codes.min - std::rint(multiplier * static_cast<float>(p.alpha));
  return c;
}

/// The inverse scale of countless articles: s = (qmax - qmin) / (beta - alpha), z = round(qmin - s alpha), in double.
Choice choose_blog(const Problem& p) {
  if (p.is_zero_range()) return {.zero_point = static_cast<double>(p.symmetric ? p.middle() : 0)};
  const double inverse = std::min(p.steps() / (p.beta - p.alpha), static_cast<double>(kLargestMultiplier));
  Choice c = raised(1.0 / inverse);
  c.multiplier = inverse;
  c.is_scale_raised = inverse == static_cast<double>(kLargestMultiplier);
  c.zero_point = p.symmetric ? p.middle() : std::rint(p.codes.min - inverse * p.alpha);
  return c;
}

/// TensorFlow Lite ChooseQuantizationParams: double; Z from the end with the smaller rounding error, half away from
/// zero.
Choice choose_tflite(const Problem& p) {
  if (p.is_zero_range()) return {.zero_point = static_cast<double>(p.symmetric ? p.middle() : 0)};
  const double exact = (p.beta - p.alpha) / p.steps();
  Choice c = raised(exact);
  if (p.symmetric) {
    c.zero_point = p.middle();
    return c;
  }
  const double scale = c.is_scale_raised ? static_cast<double>(c.scale) : exact;
  const double error_from_min = std::abs(static_cast<double>(p.codes.min)) + std::abs(p.alpha / scale);
  const double error_from_max = std::abs(static_cast<double>(p.codes.max)) + std::abs(p.beta / scale);
  c.zero_point =
      std::round(error_from_min < error_from_max ? p.codes.min - p.alpha / scale : p.codes.max - p.beta / scale);
  return c;
}

using Choose = Choice (*)(const Problem&);
constexpr Choose kChoose[] = {choose_onnx, choose_torch, choose_ort, choose_distiller, choose_blog, choose_tflite};

/// ONNX Runtime's tools and TensorFlow Lite never use the lowest code of a symmetric signed type.
bool narrows_symmetric_signed(Convention convention) {
  return convention == Convention::ort || convention == Convention::tflite;
}

float next_power_of_two(float scale) {
  int exponent = 0;
  const float fraction = std::frexp(scale, &exponent);  // scale = fraction * 2^exponent, fraction in [1/2, 1)
  return std::ldexp(1.0F, std::min(fraction == 0.5F ? exponent - 1 : exponent, 127));
}

void check_range(Range range) {
  if (!std::isfinite(range.min) || !std::isfinite(range.max) || range.min > range.max) {
    fail(ErrorKind::invalid_data, "range", "[{}, {}] is not a finite interval", range.min, range.max);
  }
  constexpr double kLargest = std::numeric_limits<float>::max();
  if (range.max > kLargest || range.min < -kLargest) {
    fail(ErrorKind::invalid_data, "range", "[{}, {}] exceeds float32", range.min, range.max);
  }
}

Range widen(Range range, bool symmetric) {
  const Range widened{std::min(range.min, 0.0), std::max(range.max, 0.0)};
  const double amax = std::max(-widened.min, widened.max);
  return symmetric ? Range{-amax, amax} : widened;
}

/// 8-bit and 4-bit floats: the largest magnitude lands on the largest finite code, and there is no zero point.
Derivation derive_float_codes(Range range, const Scheme& scheme) {
  check_range(range);
  Derivation d{.range = range, .widened = widen(range, true)};
  const double largest = max_float_code(scheme.dtype);
  d.is_zero_range = d.widened.max == 0;
  d.exact_scale = d.is_zero_range ? 1.0 : d.widened.max / largest;
  const Choice choice = raised(d.exact_scale);
  d.qparams.scale = scheme.power_of_two ? next_power_of_two(choice.scale) : choice.scale;
  d.is_scale_raised = choice.is_scale_raised;
  d.multiplier = 1.0 / d.qparams.scale;
  d.effective = {-d.qparams.scale * largest, d.qparams.scale * largest};
  return d;
}

Derivation derive(Range range, CodeRange codes, const Scheme& scheme, Convention convention) {
  check_range(range);
  Derivation d{.range = range, .widened = widen(range, scheme.symmetric), .codes = codes};
  const Problem problem{d.widened.min, d.widened.max, codes, scheme.symmetric};
  d.is_zero_range = problem.is_zero_range();
  Choice choice = kChoose[static_cast<std::size_t>(convention)](problem);
  if (scheme.power_of_two && !d.is_zero_range) {
    choice.multiplier = 0;
    choice.scale = next_power_of_two(choice.scale);
    if (!scheme.symmetric) choice.zero_point = std::rint(codes.min - problem.alpha / choice.scale);
  }
  d.is_scale_raised = choice.is_scale_raised;
  const double zero_point =
      std::clamp(choice.zero_point, static_cast<double>(codes.min), static_cast<double>(codes.max));
  d.qparams = {choice.scale, static_cast<std::int32_t>(zero_point)};
  d.exact_scale = d.is_zero_range ? 1.0 : (problem.beta - problem.alpha) / problem.steps();
  const bool has_other_scale = choice.is_scale_raised || scheme.power_of_two;  // than equation (1) gives
  const double used_scale = has_other_scale ? static_cast<double>(choice.scale) : d.exact_scale;
  d.exact_zero_point = d.is_zero_range ? zero_point : codes.min - problem.alpha / used_scale;
  d.multiplier = choice.multiplier != 0 ? choice.multiplier : 1.0 / d.qparams.scale;
  d.native_zero_point =
      convention == Convention::distiller ? -std::int64_t{d.qparams.zero_point} : d.qparams.zero_point;
  const double scale = d.qparams.scale;
  d.effective = {scale * (static_cast<double>(codes.min) - d.qparams.zero_point),
                 scale * (static_cast<double>(codes.max) - d.qparams.zero_point)};
  return d;
}

}  // namespace

Derivation derive_qparams(Range range, const Scheme& scheme, Convention convention) {
  check_scheme(scheme);
  if (!has_integer_codes(scheme.dtype)) return derive_float_codes(range, scheme);
  Scheme used = scheme;
  if (narrows_symmetric_signed(convention) && scheme.symmetric && is_signed(scheme.dtype)) used.narrow_range = true;
  return derive(range, code_range(used), used, convention);
}

QParams choose_qparams(Range range, const Scheme& scheme, Convention convention) {
  return derive_qparams(range, scheme, convention).qparams;
}

QParams choose_affine_qparams(Range range, CodeRange codes, Convention convention) {
  if (codes.min >= codes.max)
    fail(ErrorKind::invalid_option, "codes", "[{}, {}] is no range of codes", codes.min, codes.max);
  return derive(range, codes, {}, convention).qparams;
}

}  // namespace zeropoint
