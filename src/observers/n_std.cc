#include "base/fail.h"
#include "observers/moments.h"
#include "observers/observer.h"

namespace zeropoint {
namespace {

RangeChoice choose(const SliceStatistics& seen, const Scheme&, const ObserverOptions& options) {
  if (!(options.n_std > 0)) fail(ErrorKind::invalid_option, "n_std", "{} is not above 0", options.n_std);
  const double sigma = standard_deviation(seen);
  RangeChoice choice{.range = around_mean(seen, options.n_std * sigma),
                     .reason = fmt::format("mean {:.6g} plus and minus {:.6g} standard deviations of {:.6g}",
                                           mean(seen), options.n_std, sigma)};
  if (choice.range == Range{seen.min, seen.max}) {
    choice.warning = fmt::format("no value is {:.6g} standard deviations away: the same as minmax", options.n_std);
  }
  return choice;
}

}  // namespace

ObserverSpec observer_n_std() {
  return {.name = "n_std",
          .summary = "mean plus and minus N standard deviations, not beyond the extremes",
          .source = "Distiller, ClipMode.N_STD",
          .choose = choose};
}

}  // namespace zeropoint
