// The numbers that tell one block format from another.
#pragma once

#include "kernels/ggml/ggml.h"
#include "kernels/ggml/searches.h"

namespace zeropoint::kernels {

/// Formats of 32 values.
struct BlockFormat {
  int levels;    // codes are in [0, levels); Q8_0: in [-127, 127]
  bool has_min;  // codes count from the block's minimum; otherwise zero is code levels / 2
};

constexpr BlockFormat block_format(GgmlType type) {
  switch (type) {
    case GgmlType::q4_0:
      return {16, false};
    case GgmlType::q4_1:
      return {16, true};
    case GgmlType::q5_0:
      return {32, false};
    case GgmlType::q5_1:
      return {32, true};
    default:
      return {256, false};
  }
}

constexpr GridSteps kWeightedSteps{-0.9F, 0.05F, 36};

/// Formats of 256 values whose sub-blocks have a scale and a min.
struct AffineFormat {
  int sub_block;      // values that share a scale and a min
  int qmax;           // the largest code
  int scale_qmax;     // the largest code of a scale or a min
  GridSteps steps;    // of the search without importance
  Distance distance;  // of the search without importance
  float spread;       // with importance, weights are importance * sqrt(spread * mean square + x^2)
};

constexpr AffineFormat affine_format(GgmlType type) {
  if (type == GgmlType::q2_k) return {16, 3, 15, {-0.5F, 0.1F, 15}, Distance::absolute, 1};
  if (type == GgmlType::q4_k) return {32, 15, 63, {-1.0F, 0.1F, 20}, Distance::squared, 2};
  return {32, 31, 63, {-0.5F, 0.1F, 15}, Distance::squared, 2};
}

constexpr bool is_affine(GgmlType type) {
  return type == GgmlType::q2_k || type == GgmlType::q4_k || type == GgmlType::q5_k;
}

/// Q3_K and Q6_K have sub-blocks of 16 values and signed scales; the scale of largest magnitude gets the lowest code.
constexpr int kSymmetricSubBlock = 16;
constexpr int kSymmetricSubBlocks = 16;
constexpr int symmetric_qmax(GgmlType type) { return type == GgmlType::q3_k ? 4 : 32; }  // codes are in [0, 2 qmax)

}  // namespace zeropoint::kernels
