#include "observers/observer.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/fail.h"
#include "base/nearest.h"
#include "observers/half_axis.h"
#include "quant/scheme.h"

namespace zeropoint {

#define ZP_OBSERVER(name) ObserverSpec observer_##name();
#include "observers/observers.inc"
#undef ZP_OBSERVER

namespace {

constexpr int kWidestMeasuredBits = 16;  // wider codes round below what a histogram can show

}  // namespace

std::span<const ObserverSpec> all_observers() {
  static const std::vector<ObserverSpec> all = {
#define ZP_OBSERVER(name) observer_##name(),
#include "observers/observers.inc"
#undef ZP_OBSERVER
  };
  return all;
}

const ObserverSpec& find_observer(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ObserverSpec& spec : all_observers()) {
    if (spec.name == name) return spec;
    names.push_back(spec.name);
  }
  throw Error(ErrorKind::invalid_option, "--observer", unknown_word("observer", name, names));
}

RangeChoice choose_range(const ObserverSpec& observer, const SliceStatistics& seen, const Scheme& scheme,
                         const ObserverOptions& options) {
  const std::string where = fmt::format("observer {}", observer.name);
  if (seen.count == 0) fail(ErrorKind::invalid_data, where, "no value was observed");
  if (observer.needs_even_codes && !has_integer_codes(scheme.dtype)) {
    fail(ErrorKind::invalid_option, where, "{} has no evenly spaced codes, which the rule reckons with",
         name(scheme.dtype));
  }
  if (observer.needs_histogram && seen.histogram.empty()) {
    fail(ErrorKind::invalid_data, where, "the statistics hold no histogram; calibrate with one");
  }
  if (observer.needs_torch_histogram && !seen.is_merged && seen.torch_histogram.empty()) {
    fail(ErrorKind::invalid_data, where, "the statistics hold no PyTorch histogram; calibrate with --torch-histogram");
  }
  if (!observer.is_mergeable && seen.is_merged) {
    fail(ErrorKind::invalid_data, where, "depends on the order of the samples, which merged statistics have lost");
  }
  RangeChoice choice = observer.choose(seen, scheme, options);
  choice.range = {std::min(choice.range.min, 0.0), std::max(choice.range.max, 0.0)};
  if (scheme.symmetric) {
    const double amax = std::max(-choice.range.min, choice.range.max);
    choice.range = {-amax, amax};
  }
  const QParams grid = choose_qparams(choice.range, scheme);
  if (!seen.histogram.empty() && bits(scheme.dtype) <= kWidestMeasuredBits) {
    const GridError error = measure_grid(seen, scheme, grid);
    choice.clipping_error = error.clipping;
    choice.rounding_error = error.rounding;
  } else if (seen.zeros < seen.count && has_integer_codes(scheme.dtype)) {
    choice.rounding_error = static_cast<double>(grid.scale) * grid.scale / 12;
  }
  return choice;
}

}  // namespace zeropoint
