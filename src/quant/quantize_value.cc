#include <algorithm>
#include <cmath>

#include "zeropoint/quant.h"

namespace zeropoint {

template <class Real>
std::int32_t quantize_value(Real x, Real scale, std::int32_t zero_point, CodeRange codes, Rounding rounding) {
  const Real steps = rounding == Rounding::half_even ? std::nearbyint(x / scale) : std::round(x / scale);
  if (std::isnan(steps)) return zero_point;
  // Clamped before it becomes an integer: a value that does not fit would be undefined behaviour.
  const double lowest = static_cast<double>(codes.min) - zero_point;
  const double highest = static_cast<double>(codes.max) - zero_point;
  return static_cast<std::int32_t>(std::clamp(static_cast<double>(steps), lowest, highest) + zero_point);
}
template std::int32_t quantize_value(float, float, std::int32_t, CodeRange, Rounding);
template std::int32_t quantize_value(double, double, std::int32_t, CodeRange, Rounding);

float dequantize_value(std::int32_t q, QParams qparams) {
  return static_cast<float>(std::int64_t{q} - qparams.zero_point) * qparams.scale;
}

}  // namespace zeropoint
