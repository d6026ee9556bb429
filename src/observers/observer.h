// An observer is a rule that turns recorded statistics into a range. One file each, one line in observers.inc.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "observers/statistics.h"
#include "zeropoint/quant.h"

namespace zeropoint {

struct ObserverOptions {
  double percentile = 99.99;  // of the mass kept; percentile only
  double n_std = 3;           // n_std only
};

/// A chosen range with the evidence: errors are mean squared errors per element, from the histogram.
struct RangeChoice {
  Range range;
  double clipping_error = 0;
  double rounding_error = 0;
  int candidates = 1;   // how many ranges were compared
  std::string reason;   // one sentence with the numbers
  std::string warning;  // set when an option could not change the result
};

struct ObserverSpec {
  std::string_view name;     // "minmax", "moving_average", "percentile", "mse", "entropy" ...
  std::string_view summary;  // one line for --help
  RangeChoice (*choose)(const SliceStatistics& seen, const Scheme& scheme, const ObserverOptions& options);
  bool is_mergeable = true;
  bool needs_histogram = false;
};

std::span<const ObserverSpec> all_observers();
const ObserverSpec& find_observer(std::string_view name);  ///< Throws invalid_option listing the names.

}  // namespace zeropoint
