#include "base/counted.h"
#include "base/fail.h"
#include "observers/observer.h"

namespace zeropoint {
namespace {

RangeChoice choose(const SliceStatistics& seen, const Scheme&, const ObserverOptions&) {
  const auto samples = static_cast<double>(seen.samples);
  RangeChoice choice{
      .range = {seen.sum_of_sample_min.value() / samples, seen.sum_of_sample_max.value() / samples},
      .reason = fmt::format("mean of the smallest and of the largest values of {}, which are {:.6g} and {:.6g}",
                            counted(seen.samples, "sample"), seen.min, seen.max)};
  if (seen.samples == 1) choice.warning = "one sample is its own mean: the same as minmax";
  return choice;
}

}  // namespace

ObserverSpec observer_avg() {
  return {.name = "avg",
          .summary = "mean over the samples of their smallest and largest value",
          .source = "Distiller, ClipMode.AVERAGE",
          .choose = choose};
}

}  // namespace zeropoint
