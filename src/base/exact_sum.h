// A sum of doubles without rounding, so that shards added in any order and grouping give the same
// bits. The sum is a 704-bit two's complement integer in units of 2^-298, the finest product of two
// float32 values (a small Kulisch accumulator; Kulisch and Miranker 1986).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace zeropoint {

class ExactSum {
 public:
  /// `value` is a multiple of 2^-298 below 2^320 in magnitude: any sum of float32 values or of
  /// their squares that was accumulated in double is. Throws internal otherwise. With 2^60 such
  /// terms the accumulator still cannot overflow.
  void add(double value);
  void add(const ExactSum& other);

  double value() const;  ///< the exact sum, rounded once (to nearest, ties to even)

  /// The exact sum as doubles, largest first: the first is value(), the second the rounded rest,
  /// and so on. Adding them to an empty ExactSum gives this one back. Empty for zero.
  std::vector<double> parts() const;

  bool operator==(const ExactSum&) const = default;

 private:
  static constexpr int kWords = 11;
  static constexpr int kUnitExponent = -298;

  std::array<std::uint64_t, kWords> words_{};  // least significant first
};

}  // namespace zeropoint
