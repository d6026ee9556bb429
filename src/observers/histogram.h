// Counts of values over bins that every shard agrees on: bin k covers [k w, (k + 1) w) with
// w = 2^exponent, so that 0 is a border and a coarser grid merges pairs of bins exactly.
//
// The exponent depends on the smallest and largest value alone: the finest for which the range
// needs at most `bins` bins. Growing the range therefore only ever coarsens, and the counts depend
// on the data as a set: not on its order, nor on how it was cut into shards. Between bins/2 and
// bins bins are in use (one where all values are equal).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace zeropoint {

struct Histogram {
  int exponent = 0;                   // bins are 2^exponent wide
  std::int64_t first = 0;             // index k of the first bin
  std::vector<std::uint64_t> counts;  // from the bin of the smallest value to that of the largest

  /// The empty histogram of values from `min` to `max` (float32 values) with at most `bins` bins.
  static Histogram over(double min, double max, int bins);

  bool empty() const { return counts.empty(); }
  double bin_width() const;
  double left_edge(std::size_t bin) const;
  bool covers(double value) const;  ///< The value falls into one of the bins.

  /// Counts values, all of which the bins cover.
  void count(std::span<const float> values);

  /// Adds counts whose bins are as fine as or finer than these, and inside of them.
  void add(const Histogram& finer);

  bool operator==(const Histogram&) const = default;
};

constexpr int kMinHistogramBins = 2;
constexpr int kMaxHistogramBins = 32768;

}  // namespace zeropoint
