// An observer is a rule that turns recorded statistics into a range. One file each, one line in
// observers.inc; `choose_range` adds what all of them share: checks, and the errors of the chosen
// grid.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "observers/statistics.h"
#include "zeropoint/quant.h"

namespace zeropoint {

struct ObserverOptions {
  double percentile = 99.99;  // percent of the values that stay inside the range; percentile only
  double n_std = 3;           // standard deviations on each side of the mean; n_std only
};

/// A chosen range with the evidence. Errors are mean squared errors per element, measured on the
/// histogram; where none was recorded, they are 0 and S^2/12, that of evenly spread values.
struct RangeChoice {
  Range range;
  double clipping_error = 0;  // of values beyond the grid's ends
  double rounding_error = 0;  // of the others
  int candidates = 1;         // how many ranges were compared
  std::string reason;         // one sentence with the numbers
  std::string warning;        // set when an option could not change the result; otherwise empty
};

struct ObserverSpec {
  std::string_view name;     // "minmax", "percentile", "mse" ...
  std::string_view summary;  // one line for --help
  std::string_view source;   // paper and section, or the software that defines it

  /// `seen.count` is at least 1; the histogram is there when needs_histogram says so.
  RangeChoice (*choose)(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions& options);

  bool needs_histogram = false;
  bool needs_torch_histogram = false;
  bool needs_even_codes = false;  // the rule reckons with steps of equal width: not for float codes
  bool is_mergeable = true;       // false: the result depends on the order of the samples
};

std::span<const ObserverSpec> all_observers();
const ObserverSpec& find_observer(std::string_view name);  ///< Throws invalid_option listing the names.

/// The range that `observer` chooses for a grid of `scheme`, widened to contain 0. Symmetric
/// schemes get [-amax, amax]. Throws invalid_data when nothing was seen, when a histogram is needed
/// and missing, or when the observer depends on order and the statistics were
/// merged; invalid_option when it needs evenly spaced codes and the scheme has none.
RangeChoice choose_range(const ObserverSpec& observer, const SliceStatistics& seen, const Scheme& scheme,
                         const ObserverOptions& options = {});

}  // namespace zeropoint
