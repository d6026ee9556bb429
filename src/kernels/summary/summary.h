// Everything that calibration wants to know of float32 data but its histogram, in one pass: extremes,
// exact zeros, and the sums of the values, their squares and their magnitudes.
//
// The sums are held in double in 16 lanes (element i belongs to lane i mod 16; the lanes are added as
// a tree), so that they have the same bits on every instruction set. A float32 square is exact in double.
// Up to 2^34 elements.
#pragma once

#include <cstdint>
#include <limits>

namespace zeropoint {

struct Summary {
  float min = std::numeric_limits<float>::infinity();  // +0, never -0
  float max = -std::numeric_limits<float>::infinity();
  double sum = 0;
  double sum_of_squares = 0;
  double sum_of_abs = 0;
  std::int64_t zeros = 0;  // of either sign
  bool is_finite = true;   // false: NaN or infinity was seen, and the other fields mean nothing

  /// Adds what `next` saw; sums are added in the order of the calls.
  void append(const Summary& next);
};

Summary summarize_f32(const float* x, std::int64_t n);

namespace reference {
Summary summarize_f32(const float* x, std::int64_t n);
}  // namespace reference

namespace summary_detail {
constexpr int kLanes = 16;

/// Running sums of 16 lanes each.
struct Lanes {
  double sum[kLanes] = {};
  double sum_of_squares[kLanes] = {};
  double sum_of_abs[kLanes] = {};
};

/// Takes x[begin .. n) one by one, then closes the lanes into `summary`.
void finish(const float* x, std::int64_t begin, std::int64_t n, Lanes& lanes, Summary& summary);
}  // namespace summary_detail

}  // namespace zeropoint
