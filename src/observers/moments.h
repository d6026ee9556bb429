// Mean, spread and a clipped interval around the mean: what the observers that assume a
// distribution share.
#pragma once

#include "observers/statistics.h"
#include "zeropoint/quant.h"

namespace zeropoint {

double mean(const SliceStatistics& seen);

/// Of the population: sqrt(E[x^2] - E[x]^2).
double standard_deviation(const SliceStatistics& seen);

/// mean - reach to mean + reach, but not beyond what was seen.
Range around_mean(const SliceStatistics& seen, double reach);

}  // namespace zeropoint
