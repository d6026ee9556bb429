#include "methods/matrix_grid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/fail.h"
#include "base/float16.h"

namespace zeropoint {

CodeRange code_range(const MatrixScheme& scheme) {
  const std::int32_t half = 1 << (scheme.bits - 1);
  return {scheme.symmetric && scheme.narrow_range ? 1 - half : -half, half - 1};
}

MatrixGridRule::MatrixGridRule(const MatrixScheme& scheme, const GridStorage& storage)
    : symmetric_(scheme.symmetric), storage_(storage) {
  if (scheme.bits != 2 && scheme.bits != 3 && scheme.bits != 4 && scheme.bits != 8) {
    fail(ErrorKind::invalid_option, "--bits", "weights have 8, 4, 3 or 2 bits, not {}", scheme.bits);
  }
  const DType scale_type = storage.scale_type;
  if (scale_type != DType::f32 && scale_type != DType::f16 && scale_type != DType::bf16) {
    fail(ErrorKind::invalid_option, "scale", "scales are float32, float16 or bfloat16, not {}", name(scale_type));
  }
  codes_ = code_range(scheme);
}

float MatrixGridRule::stored(float scale) const {
  scale = std::max(scale, std::numeric_limits<float>::min());
  if (storage_.scale_type == DType::f16) {
    constexpr float kLargest = 65504;
    constexpr float kSmallest = 0x1p-24F;  // subnormal, but a scale all the same
    return f16_to_f32(f32_to_f16(std::clamp(scale, kSmallest, kLargest)));
  }
  if (storage_.scale_type == DType::bf16) {
    constexpr float kLargest = 0x1.FEp127F;
    return bf16_to_f32(f32_to_bf16(std::min(scale, kLargest)));
  }
  return scale;
}

QParams MatrixGridRule::operator()(float min, float max) const {
  const double alpha = std::min(min, 0.0F);
  const double beta = std::max(max, 0.0F);
  if (alpha == 0 && beta == 0) return {};
  const double steps = codes_.max - codes_.min;
  if (symmetric_) return {stored(static_cast<float>(2 * std::max(-alpha, beta) / steps)), 0};
  const float scale = stored(static_cast<float>((beta - alpha) / steps));
  const float zero_point = std::rint(static_cast<float>(codes_.min) - static_cast<float>(alpha) / scale);
  if (!storage_.has_lowest_zero_point && zero_point <= static_cast<float>(codes_.min)) {
    return {stored(static_cast<float>(beta / (steps - 1))), codes_.min + 1};
  }
  return {scale, static_cast<std::int32_t>(
                     std::clamp(zero_point, static_cast<float>(codes_.min), static_cast<float>(codes_.max)))};
}

}  // namespace zeropoint
