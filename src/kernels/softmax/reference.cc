#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "kernels/elementwise/unary.h"
#include "kernels/reduce/reduce.h"
#include "kernels/softmax/lanes.h"
#include "kernels/softmax/softmax.h"

namespace zeropoint::reference {
namespace {

float exp_of(float x) { return reference::unary_f32(UnaryF32::exp, {}, x); }
float log_of(float x) { return reference::unary_f32(UnaryF32::log, {}, x); }

/// The sum of a row in its defined order.
double row_sum(const std::vector<float>& e) {
  double total = 0;
  for (std::size_t begin = 0; begin < e.size(); begin += kSoftmaxBlock) {
    float sums[kSoftmaxLanes] = {};
    for (std::size_t i = begin; i < std::min(begin + kSoftmaxBlock, e.size()); ++i) {
      sums[(i - begin) % kSoftmaxLanes] += e[i];
    }
    for (std::size_t half = kSoftmaxLanes / 2; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    }
    total += sums[0];
  }
  return total;
}

float max_of(const float* x, std::int64_t n, std::int64_t step) {
  float max = -std::numeric_limits<float>::infinity();
  for (std::int64_t i = 0; i < n; ++i) max = std::isnan(x[i * step]) || x[i * step] > max ? x[i * step] : max;
  return max;
}

}  // namespace

void softmax_rows_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols) {
  for (std::int64_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const float max = max_of(x, cols, 1);
    std::vector<float> e(static_cast<std::size_t>(cols));
    std::transform(x, x + cols, e.begin(), [&](float v) { return exp_of(v - max); });
    const auto sum = static_cast<float>(row_sum(e));
    for (std::int64_t i = 0; i < cols; ++i) {
      y[i] = kind == SoftmaxKind::softmax ? e[static_cast<std::size_t>(i)] / sum : (x[i] - max) - log_of(sum);
    }
  }
}

void softmax_columns_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols) {
  for (std::int64_t col = 0; col < cols; ++col) {
    const float max = max_of(x + col, rows, cols);
    float sum = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += exp_of(x[r * cols + col] - max);
    for (std::int64_t i = col; i < rows * cols; i += cols) {
      y[i] = kind == SoftmaxKind::softmax ? exp_of(x[i] - max) / sum : (x[i] - max) - log_of(sum);
    }
  }
}

}  // namespace zeropoint::reference
