#include <cmath>

#include "observers/aciq.h"
#include "observers/half_axis.h"
#include "observers/moments.h"

namespace zeropoint {
namespace {

/// b = E|x - mean|. What lies above the mean exceeds it by as much as the rest falls short.
double mean_deviation(const SliceStatistics& seen) {
  const double m = mean(seen);
  const HalfAxis side(seen, m >= 0 ? HalfAxis::Side::positive : HalfAxis::Side::negative);
  return 2 * side.sum_excess(std::fabs(m)) / static_cast<double>(seen.count);
}

RangeChoice choose(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions&) {
  return choose_aciq(seen, scheme, mean_deviation(seen), "mean deviation", aciq_laplace_multiple);
}

}  // namespace

ObserverSpec observer_aciq_laplace() {
  return {.name = "aciq_laplace",
          .summary = "the best clipping for values with a Laplace distribution, from mean and mean deviation",
          .source = "Banner et al. 2019, section 3",
          .choose = choose,
          .needs_histogram = true,
          .needs_even_codes = true};
}

}  // namespace zeropoint
