// Private to llm_int8: what the code of every instruction set shares.
#pragma once

#include <cstdint>

#include "kernels/matmul_s16/matmul_s16.h"

namespace zeropoint {

inline constexpr float kLargestCode = 127;
inline constexpr float kInverse127 = 1.0F / 127.0F;

/// Some rows of one strip of outputs, its weights at the outliers as floats.
struct LlmInt8Strip {
  const std::int32_t* sums = nullptr;  // [rows, kMatmulColumns]
  const float* row_absmax = nullptr;   // [rows]
  const float* x = nullptr;            // [rows, outliers]
  const float* w = nullptr;            // [outliers, kMatmulColumns]
  const float* absmax = nullptr;       // [kMatmulColumns]
  const float* bias = nullptr;         // [kMatmulColumns]
  std::int64_t rows = 0;
  std::int64_t outliers = 0;
  float* y = nullptr;  // [rows, kMatmulColumns]
};

inline float kept_or_zero(float x, std::uint32_t keep) { return keep != 0 ? x : 0.0F; }

}  // namespace zeropoint
