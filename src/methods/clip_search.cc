#include "methods/clip_search.h"

#include "kernels/fake_quantize/fake_quantize.h"
#include "kernels/reduce/reduce.h"

namespace zeropoint {
namespace {

constexpr int kHundredths = 100;
constexpr int kSmallestFactor = 20;  // hundredths of the full range

}  // namespace

double ClipSearch::error(const float* x, std::int64_t n, QParams grid) {
  rounded_.resize(static_cast<std::size_t>(n));
  fake_quantize_f32(x, n, {grid.scale, grid.zero_point, rule_.codes()}, rounded_.data());
  for (std::int64_t i = 0; i < n; ++i) rounded_[static_cast<std::size_t>(i)] -= x[i];
  return reduce_f32(ReduceF32::sum_squares, rounded_.data(), n);
}

QParams ClipSearch::operator()(const float* x, std::int64_t n, float min, float max) {
  QParams best = rule_(min, max);
  double least = error(x, n, best);
  for (int i = kHundredths - 1; i >= kSmallestFactor; --i) {
    const float factor = static_cast<float>(i) / kHundredths;
    const QParams grid = rule_(min * factor, max * factor);
    const double e = error(x, n, grid);
    if (e < least) {
      least = e;
      best = grid;
    }
  }
  return best;
}

}  // namespace zeropoint
