// Normalization of float32 rows: y = (x - mean) / sqrt(variance + epsilon) * scale + bias.
//
// Mean and variance come from the reductions of kernels/reduce (two passes, double totals). y may be
// x itself. Same bits on every instruction set.
#pragma once

#include <cstdint>

namespace zeropoint {

struct Moments {
  float mean;
  float inv_std;  // 1 / sqrt(variance + epsilon)
};

struct NormalizeOptions {
  float epsilon = 1e-5F;
  bool center = true;            // false: RMS normalization, the mean counts as 0
  const float* scale = nullptr;  // cols values; null: 1
  const float* bias = nullptr;   // cols values; null: 0
};

/// Each of `rows` rows of `cols` elements. `moments`: null, or room for one per row.
void normalize_rows_f32(const float* x, float* y, std::int64_t rows, std::int64_t cols, const NormalizeOptions& options,
                        Moments* moments = nullptr);

/// One row with the same scale and bias for all its elements: y = (x - mean) * (inv_std * scale) + bias.
void normalize_uniform_f32(const float* x, float* y, std::int64_t n, float epsilon, float scale, float bias);

namespace reference {
void normalize_rows_f32(const float* x, float* y, std::int64_t rows, std::int64_t cols, const NormalizeOptions& options,
                        Moments* moments = nullptr);
void normalize_uniform_f32(const float* x, float* y, std::int64_t n, float epsilon, float scale, float bias);
}  // namespace reference

}  // namespace zeropoint
