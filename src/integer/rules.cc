#include "integer/rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace zeropoint::integer {
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

AddRule::AddRule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic)
    : arithmetic_(arithmetic),
      zero_a_(a.zero_points.front()),
      zero_b_(b.zero_points.front()),
      zero_y_(y.zero_points.front()),
      codes_(y.codes),
      ratio_a_(ratio(a.scales.front(), y.scales.front())),
      ratio_b_(ratio(b.scales.front(), y.scales.front())),
      fixed_part_(static_cast<float>(zero_y_) -
                  (ratio_a_ * static_cast<float>(zero_a_) + ratio_b_ * static_cast<float>(zero_b_))) {
  // TensorFlow Lite, reference_integer_ops::Add: both inputs on one fine grid of twice the larger scale.
  // Differences of 8 bits are below 2^8, so that << 20 stays below 2^28; of 16 bits, << 14 below 2^30.
  constexpr int kShiftOfBytes = 20;
  constexpr int kShiftOfWords = 14;
  constexpr std::int64_t kLargestByteDifference = 255;
  const bool bytes = std::max(a.largest_difference(), b.largest_difference()) <= kLargestByteDifference;
  left_shift_ = bytes ? kShiftOfBytes : kShiftOfWords;
  const double twice_larger = 2.0 * std::max(a.scales.front(), b.scales.front());
  scale_a_ = fixed_point_multiplier(a.scales.front() / twice_larger);
  scale_b_ = fixed_point_multiplier(b.scales.front() / twice_larger);
  scale_y_ = fixed_point_multiplier(std::ldexp(twice_larger / y.scales.front(), -left_shift_));
}

std::int32_t AddRule::operator()(std::int32_t a, std::int32_t b) const {
  switch (arithmetic_) {
    case Arithmetic::onnx:
      return round_to_code(
          static_cast<double>(ratio_a_) * (a - zero_a_) + static_cast<double>(ratio_b_) * (b - zero_b_) + zero_y_,
          codes_);
    case Arithmetic::ort_x86:
      return round_to_code((fixed_part_ + static_cast<float>(a) * ratio_a_) + static_cast<float>(b) * ratio_b_, codes_);
    case Arithmetic::fixed_point: {
      const std::int32_t one = std::int32_t{1} << left_shift_;
      const std::int32_t sum = multiply_by_fixed_point((a - zero_a_) * one, scale_a_) +
                               multiply_by_fixed_point((b - zero_b_) * one, scale_b_);
      const std::int64_t code = std::int64_t{multiply_by_fixed_point(sum, scale_y_)} + zero_y_;
      return static_cast<std::int32_t>(std::clamp<std::int64_t>(code, codes_.min, codes_.max));
    }
  }
  return zero_y_;
}

MulRule::MulRule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic)
    : arithmetic_(arithmetic),
      zero_a_(a.zero_points.front()),
      zero_b_(b.zero_points.front()),
      zero_y_(y.zero_points.front()),
      codes_(y.codes),
      rescale_(make_rescale(a.scales.front(), b.scales.front(), y.scales.front())) {
  checked_accumulator(a.largest_difference() * b.largest_difference(), "integer mul");
}

std::int32_t MulRule::operator()(std::int32_t a, std::int32_t b) const {
  const std::int32_t product = (a - zero_a_) * (b - zero_b_);  // fits: checked for the largest
  if (arithmetic_ == Arithmetic::ort_x86) {
    return round_to_code(static_cast<float>(product) * rescale_.multiplier + static_cast<float>(zero_y_), codes_);
  }
  return requantize_value(product, rescale_, zero_y_, codes_, arithmetic_);
}

Rescale mean_rescale(const Operand& x, const Operand& y, std::int64_t count) {
  return make_rescale(x.scales.front(), 1.0F, y.scales.front() * static_cast<float>(count));
}

}  // namespace zeropoint::integer
