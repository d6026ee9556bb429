#include <algorithm>
#include <cmath>

#include "kernels/grid_errors/grid_errors.h"

namespace zeropoint::reference {

void grid_errors_f32(const float* x, std::int64_t n, const GridBatch& grids, double* errors) {
  constexpr std::int64_t kChunk = 256;
  for (int g = 0; g < kGridsAtOnce; ++g) {
    const float scale = grids.scales[g];
    const float inverse = 1 / scale;
    errors[g] = 0;
    for (std::int64_t begin = 0; begin < n; begin += kChunk) {
      float sums[4] = {};
      for (std::int64_t i = begin; i < std::min(n, begin + kChunk); ++i) {
        const float q = std::clamp(std::nearbyint(x[i] * inverse), grids.lowest[g], grids.highest[g]);
        const float difference = x[i] - scale * q;
        sums[i % 4] += difference * difference;
      }
      errors[g] += static_cast<double>((sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
  }
}

double clipping_error_f32(const float* x, std::int64_t n, float low, float high) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    const double beyond = double{x[i]} - double{std::clamp(x[i], low, high)};
    sum += beyond * beyond;
  }
  return sum;
}

}  // namespace zeropoint::reference
