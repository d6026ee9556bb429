// m += c (x - m) over the samples' extremes x, starting with those of the first sample. Depends on
// the samples' order by definition.
#include "base/counted.h"
#include "base/fail.h"
#include "observers/observer.h"

namespace zeropoint {
namespace {

RangeChoice choose(const SliceStatistics& seen, const Scheme&, const ObserverOptions&) {
  RangeChoice choice{.range = {seen.moving_min, seen.moving_max},
                     .reason = fmt::format("moving average of the extremes of {}, which are {:.6g} and {:.6g}",
                                           counted(seen.samples, "sample"), seen.min, seen.max)};
  if (seen.samples == 1) choice.warning = "one sample has no average to move: the same as minmax";
  return choice;
}

}  // namespace

ObserverSpec observer_moving_average() {
  return {.name = "moving_average",
          .summary = "exponential moving average of each sample's smallest and largest value",
          .source = "Jacob et al. 2018, section 3.1; torch.ao.quantization.MovingAverageMinMaxObserver",
          .choose = choose,
          .is_mergeable = false};
}

}  // namespace zeropoint
