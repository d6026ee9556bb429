#include <algorithm>
#include <cmath>
#include <cstddef>

#include "kernels/reduce/lanes.h"
#include "kernels/reduce/reduce.h"

namespace zeropoint::reference {
namespace {

float prepared(ReduceF32 op, float x) {
  return op == ReduceF32::sum_abs ? std::abs(x) : op == ReduceF32::sum_squares ? x * x : x;
}

float combined(ReduceF32 op, float sum, float x) {
  switch (op) {
    case ReduceF32::max:
      return std::isnan(x) || x > sum ? x : sum;
    case ReduceF32::min:
      return std::isnan(x) || x < sum ? x : sum;
    case ReduceF32::prod:
      return sum * x;
    default:
      return sum + x;
  }
}

}  // namespace

double reduce_f32(ReduceF32 op, const float* x, std::int64_t n, float shift) {
  double total = neutral(op);
  const auto count = static_cast<std::size_t>(n);
  for (std::size_t begin = 0; begin < count; begin += kReduceBlock) {
    float lanes[kReduceLanes];
    std::fill_n(lanes, kReduceLanes, static_cast<float>(neutral(op)));
    for (std::size_t i = begin; i < std::min(begin + kReduceBlock, count); ++i) {
      float& lane = lanes[(i - begin) % kReduceLanes];
      lane = combined(op, lane, prepared(op, x[i] - shift));
    }
    for (std::size_t half = kReduceLanes / 2; half > 0; half /= 2) {
      for (std::size_t i = 0; i < half; ++i) lanes[i] = combined(op, lanes[i], lanes[i + half]);
    }
    total = combine(op, total, lanes[0]);
  }
  return total;
}

void accumulate_columns_f32(ReduceF32 op, const float* x, std::int64_t rows, std::int64_t cols, float* y) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t col = 0; col < cols; ++col) y[col] = combined(op, y[col], prepared(op, x[row * cols + col]));
  }
}

}  // namespace zeropoint::reference
