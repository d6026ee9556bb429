#include "quant/pair_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace zeropoint {
namespace {

float ratio(float from, float to) { return std::min(from / to, std::numeric_limits<float>::max()); }

/// clamp(rint(value)); NaN, which only infinite ratios can make, becomes the lowest code.
template <class Real>
std::int32_t round_to_code(Real value, CodeRange codes) {
  if (!(value > static_cast<Real>(codes.min))) return codes.min;
  if (value >= static_cast<Real>(codes.max)) return codes.max;
  return static_cast<std::int32_t>(std::nearbyint(value));
}

}  // namespace

std::int64_t CodeOperand::largest_difference() const {
  const std::int64_t zero_point = grid.zero_point;
  return std::max(codes.max - zero_point, zero_point - codes.min);
}

AddRule::AddRule(const CodeOperand& a, const CodeOperand& b, const CodeOperand& y, Arithmetic mode)
    : arithmetic(mode),
      zero_a(a.grid.zero_point),
      zero_b(b.grid.zero_point),
      zero_y(y.grid.zero_point),
      codes(y.codes),
      ratio_a(ratio(a.grid.scale, y.grid.scale)),
      ratio_b(ratio(b.grid.scale, y.grid.scale)),
      fixed_part(static_cast<float>(zero_y) -
                 (ratio_a * static_cast<float>(zero_a) + ratio_b * static_cast<float>(zero_b))) {
  // TensorFlow Lite, reference_integer_ops::Add: both inputs on one fine grid of twice the larger scale.
  // Differences of 8 bits are below 2^8, so that << 20 stays below 2^28; of 16 bits, << 14 below 2^30.
  constexpr int kShiftOfBytes = 20;
  constexpr int kShiftOfWords = 14;
  constexpr std::int64_t kLargestByteDifference = 255;
  const bool bytes = std::max(a.largest_difference(), b.largest_difference()) <= kLargestByteDifference;
  left_shift = bytes ? kShiftOfBytes : kShiftOfWords;
  const double twice_larger = 2.0 * std::max(a.grid.scale, b.grid.scale);
  scale_a = fixed_point_multiplier(a.grid.scale / twice_larger);
  scale_b = fixed_point_multiplier(b.grid.scale / twice_larger);
  scale_y = fixed_point_multiplier(std::ldexp(twice_larger / y.grid.scale, -left_shift));
}

std::int32_t AddRule::operator()(std::int32_t a, std::int32_t b) const {
  switch (arithmetic) {
    case Arithmetic::onnx:
      return round_to_code(
          static_cast<double>(ratio_a) * (a - zero_a) + static_cast<double>(ratio_b) * (b - zero_b) + zero_y, codes);
    case Arithmetic::ort_x86:
      return round_to_code((fixed_part + static_cast<float>(a) * ratio_a) + static_cast<float>(b) * ratio_b, codes);
    case Arithmetic::fixed_point: {
      const std::int32_t one = std::int32_t{1} << left_shift;
      const std::int32_t sum =
          multiply_by_fixed_point((a - zero_a) * one, scale_a) + multiply_by_fixed_point((b - zero_b) * one, scale_b);
      const std::int64_t code = std::int64_t{multiply_by_fixed_point(sum, scale_y)} + zero_y;
      return static_cast<std::int32_t>(std::clamp<std::int64_t>(code, codes.min, codes.max));
    }
  }
  return zero_y;
}

MulRule::MulRule(const CodeOperand& a, const CodeOperand& b, const CodeOperand& y, Arithmetic mode)
    : arithmetic(mode),
      zero_a(a.grid.zero_point),
      zero_b(b.grid.zero_point),
      zero_y(y.grid.zero_point),
      codes(y.codes),
      rescale(make_rescale(a.grid.scale, b.grid.scale, y.grid.scale)) {}

std::int32_t MulRule::operator()(std::int32_t a, std::int32_t b) const {
  const std::int32_t product = (a - zero_a) * (b - zero_b);
  if (arithmetic == Arithmetic::ort_x86) {
    return round_to_code(static_cast<float>(product) * rescale.multiplier + static_cast<float>(zero_y), codes);
  }
  return requantize_value(product, rescale, zero_y, codes, arithmetic);
}

}  // namespace zeropoint
