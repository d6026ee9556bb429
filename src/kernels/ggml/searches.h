// The searches for a scale that the block formats are built on, one block at a time, in the order of operations that
// makes ggml's bytes.
//
// Each tries a handful of grids around the obvious one, rounds the values to every grid, and keeps the grid whose
// best-fitting scale leaves the smallest weighted squared error. Sums are float32, from the first value to the last.
// The vector versions are in searches-inl.h.
#pragma once

#include <bit>
#include <cstdint>

namespace zeropoint::kernels {

/// A block whose largest magnitude is below this counts as zero.
constexpr float kSmallestMagnitude = 1e-15F;

/// The step between tried grids, in codes.
constexpr float kGridStep = 0.1F;

/// Grids that search_scale_and_min() tries: their last code lands on the maximum's code + first + step * i.
struct GridSteps {
  float first;
  float step;
  int count;  // beside the first
};

/// How far a value lies from its code.
enum class Distance { absolute, squared };

/// 1.5 * 2^23: a float32 of |v| < 2^22 that is added to it keeps its nearest integer in the low bits.
constexpr float kIntegerMagic = 12582912.0F;

/// Nearest integer, ties to even, for |v| < 2^22. What any other v gives is as good as random, but always the same.
inline int nearest_int(float v) {
  constexpr std::uint32_t kMantissa = 0x7FFFFF;
  return static_cast<int>(std::bit_cast<std::uint32_t>(v + kIntegerMagic) & kMantissa) - 0x400000;
}

namespace reference {

/// x ~ scale * (code - qmax), code in [0, 2 qmax). Codes of a zero block are 0. No weights: x^2.
float search_scale(const float* x, int n, int qmax, const float* weights, std::uint8_t* codes);

/// The same with weights x^2, but codes move one by one as long as that helps.
float refine_scale(const float* x, int n, int qmax, std::uint8_t* codes);

/// x ~ scale * code, code in [0, qmax], for x >= 0.
float search_positive_scale(const float* x, int n, int qmax, const float* weights, std::uint8_t* codes);

/// x ~ scale * code - min, code in [0, qmax], min >= 0.
struct ScaleAndMin {
  float scale;
  float min;
};
ScaleAndMin search_scale_and_min(const float* x, int n, int qmax, const float* weights, const GridSteps& steps,
                                 Distance distance, std::uint8_t* codes);

}  // namespace reference
}  // namespace zeropoint::kernels
