#include "observers/moments.h"

#include <algorithm>
#include <cmath>

namespace zeropoint {

double mean(const SliceStatistics& seen) { return seen.sum.value() / static_cast<double>(seen.count); }

double standard_deviation(const SliceStatistics& seen) {
  const double m = mean(seen);
  const double mean_square = seen.sum_of_squares.value() / static_cast<double>(seen.count);
  return std::sqrt(std::max(0.0, mean_square - m * m));
}

Range around_mean(const SliceStatistics& seen, double reach) {
  const double m = mean(seen);
  return {std::clamp(m - reach, seen.min, seen.max), std::clamp(m + reach, seen.min, seen.max)};
}

}  // namespace zeropoint
