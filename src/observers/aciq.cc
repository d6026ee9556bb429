#include "observers/aciq.h"

#include <cmath>
#include <numbers>

#include "base/fail.h"
#include "observers/moments.h"

namespace zeropoint {
namespace {

/// The root of a function that rises through it, between `low` and `high`, to the last bit of a double.
template <class Function>
double find_root(double low, double high, Function&& f) {
  constexpr int kSteps = 100;
  for (int i = 0; i < kSteps; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) < 0 ? low : high) = middle;
  }
  return high;
}

constexpr double kLargestMultiple = 64;  // above what 32 bits ask for

}  // namespace

double aciq_gauss_multiple(int bits) {
  const double rounding = 1 / (3 * std::pow(4.0, bits));
  return find_root(0, kLargestMultiple, [&](double k) {
    return k * std::erfc(k / std::numbers::sqrt2) - std::sqrt(2 / std::numbers::pi) * std::exp(-k * k / 2) +
           k * rounding;
  });
}

double aciq_laplace_multiple(int bits) {
  const double target = std::log(3 * std::pow(4.0, bits));
  return find_root(1e-3, kLargestMultiple, [&](double k) { return k + std::log(k) - target; });
}

RangeChoice choose_aciq(const SliceStatistics& seen, const Scheme& scheme, double spread, std::string_view spread_name,
                        double (*multiple)(int bits)) {
  const bool is_half = !scheme.symmetric && (seen.min >= 0 || seen.max <= 0);
  const int effective_bits = bits(scheme.dtype) + (is_half ? 1 : 0);
  const double k = multiple(effective_bits);
  const double reach = k * spread;
  RangeChoice choice{.range = around_mean(seen, reach),
                     .reason = fmt::format("{:.6g} +- {:.3f} times the {} of {:.6g}, the best at {} bits", mean(seen),
                                           k, spread_name, spread, effective_bits)};
  if (is_half) {
    choice.range = seen.min >= 0 ? Range{0, std::min(reach, seen.max)} : Range{std::max(-reach, seen.min), 0};
    choice.reason = fmt::format("{:.3f} times the {} of {:.6g}: values on one side of zero, the best at {} + 1 bits", k,
                                spread_name, spread, bits(scheme.dtype));
  }
  if (choice.range.min <= std::min(seen.min, 0.0) && choice.range.max >= std::max(seen.max, 0.0)) {
    choice.warning = "no value is that far from the mean: the same as minmax";
  }
  return choice;
}

}  // namespace zeropoint
