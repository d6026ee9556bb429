// The squared errors of the same values on several grids at once: the inner loop of searches for a grid.
//
//   error = sum of (x - scale * clamp(rint(x * (1 / scale)), lowest, highest))^2
//
// A vector holds grids, not values, so that a short group of values fills it too. Sums run in float32 over every
// fourth value of a chunk of 256, and in float64 over chunks: the same bits on every instruction set. The product with
// 1 / scale differs from a division at ties only, where both neighbours are equally wrong. Single-threaded.
#pragma once

#include <cstdint>

namespace zeropoint {

constexpr int kGridsAtOnce = 16;

struct GridBatch {
  float scales[kGridsAtOnce] = {};  // normal numbers > 0
  float lowest[kGridsAtOnce] = {};  // whole numbers: the range of codes less the zero point
  float highest[kGridsAtOnce] = {};
};

/// `x` are n finite values.
void grid_errors_f32(const float* x, std::int64_t n, const GridBatch& grids, double* errors);

/// The sum of (x - clamp(x, low, high))^2: no grid between low and high has a smaller error.
double clipping_error_f32(const float* x, std::int64_t n, float low, float high);

namespace reference {
void grid_errors_f32(const float* x, std::int64_t n, const GridBatch& grids, double* errors);
double clipping_error_f32(const float* x, std::int64_t n, float low, float high);  // in float64
}  // namespace reference

}  // namespace zeropoint
