#include <algorithm>
#include <cmath>

#include "kernels/minmax/minmax.h"

namespace zeropoint {

MinMax merge(const MinMax& a, const MinMax& b) {
  return {std::min(a.min, b.min), std::max(a.max, b.max), a.is_finite && b.is_finite};
}

float absmax(const MinMax& range) { return range.min > range.max ? 0.0F : std::max(-range.min, range.max) + 0.0F; }

NonFinite count_nonfinite(const float* x, std::int64_t n) {
  NonFinite count;
  for (std::int64_t i = 0; i < n; ++i) {
    count.nans += std::isnan(x[i]) ? 1 : 0;
    count.infinities += std::isinf(x[i]) ? 1 : 0;
  }
  return count;
}

MinMax reference::minmax_f32(const float* x, std::int64_t n) {
  MinMax range;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!std::isfinite(x[i])) {
      range.is_finite = false;
      continue;
    }
    const float value = x[i] + 0.0F;  // -0 becomes +0
    range.min = std::min(range.min, value);
    range.max = std::max(range.max, value);
  }
  return range;
}

}  // namespace zeropoint
