#include <algorithm>
#include <cmath>

#include "kernels/histogram/histogram.h"

namespace zeropoint::reference {

void histogram_f32(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts) {
  const auto first = static_cast<float>(-bins.offset);
  const auto last = static_cast<float>(bins.bins - 1 - bins.offset);
  for (std::int64_t i = 0; i < n; ++i) {
    float bin = std::floor(x[i] * bins.inverse_width);
    if (x[i] < 0) bin = std::min(bin, -1.0F);                         // the product may underflow to -0
    const float inside = bin >= first ? std::min(bin, last) : first;  // NaN: first
    ++counts[static_cast<std::int32_t>(inside) + bins.offset];
  }
}

}  // namespace zeropoint::reference
