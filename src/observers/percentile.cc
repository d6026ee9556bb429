// The range that keeps `percentile` percent of the values on each side: its ends are the quantiles
// (100 - p)% and p%, interpolated inside the histogram's bin. A symmetric scheme takes the p% quantile
// of the magnitudes.
#include <cmath>

#include "base/fail.h"
#include "observers/half_axis.h"
#include "observers/observer.h"

namespace zeropoint {
namespace {

/// The smallest value that `rank` of the values do not exceed, from the most negative up.
double quantile(const HalfAxis& negative, double zeros, const HalfAxis& positive, double rank) {
  if (rank < negative.count()) return -negative.quantile(negative.count() - rank);
  if (rank <= negative.count() + zeros) return 0;
  return positive.quantile(rank - negative.count() - zeros);
}

/// The magnitude that `rank` of the values do not exceed, by bisection: both sides count.
double magnitude_quantile(const HalfAxis& negative, double zeros, const HalfAxis& positive, double rank) {
  if (rank >= negative.count() + zeros + positive.count()) return std::max(negative.largest(), positive.largest());
  double low = 0;
  double high = std::max(negative.largest(), positive.largest());
  constexpr int kSteps = 60;  // halves the interval to the last bit of a double
  for (int i = 0; i < kSteps; ++i) {
    const double middle = (low + high) / 2;
    (negative.count_up_to(middle) + zeros + positive.count_up_to(middle) < rank ? low : high) = middle;
  }
  return high;
}

RangeChoice choose(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions& options) {
  const double kept = options.percentile / 100;
  if (!(kept > 0.5 && kept <= 1)) {
    fail(ErrorKind::invalid_option, "percentile", "{} is not above 50 and up to 100", options.percentile);
  }
  const HalfAxis negative(seen, HalfAxis::Side::negative);
  const HalfAxis positive(seen, HalfAxis::Side::positive);
  const auto zeros = static_cast<double>(seen.zeros);
  const auto count = static_cast<double>(seen.count);
  RangeChoice choice{.reason =
                         fmt::format("quantiles {:.6g}% and {:.6g}% of {} values from {:.6g} to {:.6g}",
                                     100 - options.percentile, options.percentile, seen.count, seen.min, seen.max)};
  if (scheme.symmetric) {
    const double amax = magnitude_quantile(negative, zeros, positive, kept * count);
    choice.range = {-amax, amax};
    choice.reason = fmt::format("quantile {:.6g}% of the magnitudes of {} values up to {:.6g}", options.percentile,
                                seen.count, std::max(-seen.min, seen.max));
  } else {
    choice.range = {quantile(negative, zeros, positive, (1 - kept) * count),
                    quantile(negative, zeros, positive, kept * count)};
  }
  if ((1 - kept) * count < 1) {
    choice.warning = fmt::format("{:.6g}% of {} values keeps them all: the same as minmax but for less than one value",
                                 options.percentile, seen.count);
  }
  return choice;
}

}  // namespace

ObserverSpec observer_percentile() {
  return {.name = "percentile",
          .summary = "quantiles of the values, so that rare outliers do not widen the range",
          .source = "McKinstry et al. 2018, section 3.3; Wu et al. 2020, section 5.2",
          .choose = choose,
          .needs_histogram = true};
}

}  // namespace zeropoint
