// From accumulators to codes, one value at a time: the readable twin of kernels/requantize.
#include <algorithm>
#include <cmath>
#include <limits>

#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();

std::int32_t saturate(std::int64_t value) { return static_cast<std::int32_t>(std::clamp(value, kLowest, kHighest)); }

/// round(a * b / 2^31), half towards +infinity. m0 < 2^31 and never -2^31, so the product cannot reach 2^62.
std::int32_t rounding_doubling_high_multiply(std::int32_t a, std::int32_t m0) {
  constexpr std::int64_t kHalf = std::int64_t{1} << 30;
  return static_cast<std::int32_t>((std::int64_t{a} * m0 + kHalf) >> 31);
}

/// round(x / 2^exponent), half away from zero. 0 <= exponent <= 31.
std::int32_t rounding_right_shift(std::int32_t x, int exponent) {
  const std::int64_t mask = (std::int64_t{1} << exponent) - 1;
  const std::int64_t remainder = x & mask;
  const std::int64_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return static_cast<std::int32_t>((std::int64_t{x} >> exponent) + (remainder > threshold ? 1 : 0));
}

}  // namespace

FixedPointMultiplier fixed_point_multiplier(double m) {
  if (!(m > 0)) return {};
  int shift = 0;
  const double fraction = std::frexp(m, &shift);  // m = fraction * 2^shift, fraction in [1/2, 1)
  auto m0 = static_cast<std::int64_t>(std::round(fraction * 0x1p31));
  if (m0 == std::int64_t{1} << 31) {
    m0 /= 2;
    ++shift;
  }
  if (shift < -31) return {};
  if (shift > 30) return {static_cast<std::int32_t>(kHighest), 30};
  return {static_cast<std::int32_t>(m0), shift};
}

std::int32_t multiply_by_fixed_point(std::int32_t acc, FixedPointMultiplier m) {
  const int left = std::max(m.shift, 0);
  const int right = std::max(-m.shift, 0);
  const std::int32_t shifted = saturate(std::int64_t{acc} * (std::int64_t{1} << left));
  return rounding_right_shift(rounding_doubling_high_multiply(shifted, m.m0), right);
}

Rescale make_rescale(float lhs_scale, float rhs_scale, float output_scale) {
  const double exact =
      static_cast<double>(lhs_scale) * static_cast<double>(rhs_scale) / static_cast<double>(output_scale);
  const float multiplier = std::min(lhs_scale * rhs_scale / output_scale, std::numeric_limits<float>::max());
  return {multiplier, fixed_point_multiplier(exact)};
}

std::int32_t requantize_value(std::int32_t acc, const Rescale& rescale, std::int32_t zero_point, CodeRange codes,
                              Arithmetic arithmetic) {
  const double lowest = codes.min;
  const double highest = codes.max;
  switch (arithmetic) {
    case Arithmetic::onnx: {
      const double value = static_cast<double>(acc) * static_cast<double>(rescale.multiplier) + zero_point;
      return static_cast<std::int32_t>(std::clamp(std::nearbyint(value), lowest, highest));
    }
    case Arithmetic::ort_x86: {
      const auto least = static_cast<float>(lowest - zero_point);
      const auto most = static_cast<float>(highest - zero_point);
      const float value = std::min(std::max(static_cast<float>(acc) * rescale.multiplier, least), most);
      return static_cast<std::int32_t>(std::nearbyint(value)) + zero_point;
    }
    case Arithmetic::fixed_point: {
      const std::int64_t value = std::int64_t{multiply_by_fixed_point(acc, rescale.fixed)} + zero_point;
      return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, codes.min, codes.max));
    }
  }
  return zero_point;
}

}  // namespace zeropoint
