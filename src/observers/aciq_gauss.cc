#include "observers/aciq.h"
#include "observers/moments.h"

namespace zeropoint {
namespace {

RangeChoice choose(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions&) {
  return choose_aciq(seen, scheme, standard_deviation(seen), "standard deviation", aciq_gauss_multiple);
}

}  // namespace

ObserverSpec observer_aciq_gauss() {
  return {.name = "aciq_gauss",
          .summary = "the best clipping for values with a normal distribution, from mean and standard deviation",
          .source = "Banner et al. 2019, section 3",
          .choose = choose,
          .needs_even_codes = true};
}

}  // namespace zeropoint
