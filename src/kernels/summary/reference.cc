#include <algorithm>
#include <cmath>

#include "kernels/summary/summary.h"

namespace zeropoint {
namespace {

double add_lanes(double* lanes) {
  for (int half = summary_detail::kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

}  // namespace

void Summary::append(const Summary& next) {
  min = std::min(min, next.min);
  max = std::max(max, next.max);
  sum += next.sum;
  sum_of_squares += next.sum_of_squares;
  sum_of_abs += next.sum_of_abs;
  zeros += next.zeros;
  is_finite = is_finite && next.is_finite;
}

void summary_detail::finish(const float* x, std::int64_t begin, std::int64_t n, Lanes& lanes, Summary& summary) {
  for (std::int64_t i = begin; i < n; ++i) {
    const double value = x[i];
    const auto lane = i % kLanes;
    lanes.sum[lane] += value;
    lanes.sum_of_squares[lane] += value * value;
    lanes.sum_of_abs[lane] += std::fabs(value);
    summary.min = std::min(summary.min, x[i] + 0.0F);  // -0 becomes +0
    summary.max = std::max(summary.max, x[i] + 0.0F);
    summary.zeros += x[i] == 0 ? 1 : 0;
    summary.is_finite = summary.is_finite && std::isfinite(x[i]);
  }
  summary.sum = add_lanes(lanes.sum);
  summary.sum_of_squares = add_lanes(lanes.sum_of_squares);
  summary.sum_of_abs = add_lanes(lanes.sum_of_abs);
}

Summary reference::summarize_f32(const float* x, std::int64_t n) {
  Summary summary;
  summary_detail::Lanes lanes;
  summary_detail::finish(x, 0, n, lanes, summary);
  return summary;
}

}  // namespace zeropoint
