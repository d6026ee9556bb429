#include "base/fail.h"
#include "observers/observer.h"

namespace zeropoint {
namespace {

RangeChoice choose(const SliceStatistics& seen, const Scheme&, const ObserverOptions&) {
  return {.range = {seen.min, seen.max},
          .reason = fmt::format("smallest and largest of {} values in {} samples", seen.count, seen.samples)};
}

}  // namespace

ObserverSpec observer_minmax() {
  return {.name = "minmax",
          .summary = "smallest and largest value of all samples: nothing is clipped",
          .source = "Jacob et al. 2018, section 3 (weights)",
          .choose = choose};
}

}  // namespace zeropoint
