#include <cmath>

#include "kernels/normalize/normalize.h"
#include "kernels/reduce/reduce.h"

namespace zeropoint::reference {
namespace {

Moments row_moments(const float* x, std::int64_t n, float epsilon, bool center) {
  const auto count = static_cast<double>(n);
  const float mean = center ? static_cast<float>(reference::reduce_f32(ReduceF32::sum, x, n) / count) : 0.0F;
  const auto variance = static_cast<float>(reference::reduce_f32(ReduceF32::sum_squares, x, n, mean) / count);
  return {mean, 1.0F / std::sqrt(variance + epsilon)};
}

}  // namespace

void normalize_rows_f32(const float* x, float* y, std::int64_t rows, std::int64_t cols, const NormalizeOptions& options,
                        Moments* moments) {
  for (std::int64_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const Moments m = row_moments(x, cols, options.epsilon, options.center);
    if (moments != nullptr) moments[row] = m;
    for (std::int64_t i = 0; i < cols; ++i) {
      float v = (x[i] - m.mean) * m.inv_std;
      if (options.scale != nullptr) v = v * options.scale[i];
      y[i] = options.bias != nullptr ? v + options.bias[i] : v;
    }
  }
}

void normalize_uniform_f32(const float* x, float* y, std::int64_t n, float epsilon, float scale, float bias) {
  const Moments m = row_moments(x, n, epsilon, true);
  for (std::int64_t i = 0; i < n; ++i) y[i] = (x[i] - m.mean) * (m.inv_std * scale) + bias;
}

}  // namespace zeropoint::reference
