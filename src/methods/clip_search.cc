#include "methods/clip_search.h"

#include <algorithm>
#include <limits>

#include "kernels/grid_errors/grid_errors.h"

namespace zeropoint {
namespace {

constexpr int kHundredths = 100;
constexpr int kSmallestFactor = 20;           // hundredths of the full range
constexpr double kErrorsAreExactTo = 1.0001;  // sums of 256 squares in float32, with room

/// The grids of some neighbouring factors, the widest first.
struct Candidates {
  Candidates(const MatrixGridRule& rule, float min, float max, int widest)
      : margin(rule.is_symmetric() ? 0.0F : 1.0F), count(std::min(kGridsAtOnce, widest - kSmallestFactor + 1)) {
    for (int i = 0; i < kGridsAtOnce; ++i) {
      const float factor = static_cast<float>(widest - std::min(i, count - 1)) / kHundredths;
      grids[i] = rule(min * factor, max * factor);
      batch.scales[i] = grids[i].scale;
      batch.lowest[i] = static_cast<float>(rule.codes().min - grids[i].zero_point);
      batch.highest[i] = static_cast<float>(rule.codes().max - grids[i].zero_point);
    }
  }

  /// What clipping alone costs every one of them, and all narrower ones.
  double clipping_error(const float* x, std::int64_t n) const {
    const float scale = batch.scales[0];
    return clipping_error_f32(x, n, scale * (batch.lowest[0] - margin), scale * (batch.highest[0] + margin));
  }

  float margin;  // steps: zero points are rounded, and an end of a narrower grid may lie that much further out
  int count;
  QParams grids[kGridsAtOnce];
  GridBatch batch;
};

}  // namespace

QParams search_clipped_grid(const MatrixGridRule& rule, const float* x, std::int64_t n, float min, float max) {
  QParams best = rule(min, max);
  double least = std::numeric_limits<double>::infinity();
  for (int widest = kHundredths; widest >= kSmallestFactor; widest -= kGridsAtOnce) {
    const Candidates candidates(rule, min, max, widest);
    if (widest < kHundredths && candidates.clipping_error(x, n) > least * kErrorsAreExactTo) break;
    double errors[kGridsAtOnce];
    grid_errors_f32(x, n, candidates.batch, errors);
    for (int i = 0; i < candidates.count; ++i) {
      if (errors[i] < least) {
        least = errors[i];
        best = candidates.grids[i];
      }
    }
  }
  return best;
}

}  // namespace zeropoint
