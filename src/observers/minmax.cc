#include "base/counted.h"
#include "base/fail.h"
#include "observers/observer.h"

namespace zeropoint {
namespace {

RangeChoice choose(const SliceStatistics& seen, const Scheme&, const ObserverOptions&) {
  return {.range = {seen.min, seen.max},
          .reason = fmt::format("smallest and largest of {} in {}", counted(seen.count, "value"),
                                counted(seen.samples, "sample"))};
}

}  // namespace

ObserverSpec observer_minmax() {
  return {.name = "minmax",
          .summary = "smallest and largest value of all samples: nothing is clipped",
          .source = "Jacob et al. 2018, section 3 (weights)",
          .choose = choose};
}

}  // namespace zeropoint
