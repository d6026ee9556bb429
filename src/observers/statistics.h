// What calibration remembers of one tensor: enough to choose a range later by any observer's rule
// without running the model again. Memory is fixed, states merge, and the result does not depend
// on the thread count.
//
// The histogram has a fixed number of bins over [-2^e, 2^e); when a value falls outside, e grows
// and bins merge pairwise. Bin borders are the same for every shard with the same e, so that
// merge(a, b) equals observing a's data and then b's, exactly.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "zeropoint/quant.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct Histogram {
  int exponent = 0;                   // bins cover [-2^exponent, 2^exponent)
  std::vector<std::uint64_t> counts;  // empty: nothing seen, or not wanted

  double bin_width() const;
  double left_edge(std::size_t bin) const;
};

/// The record of one grid: a whole tensor, or one slice of it along the axis.
struct SliceStatistics {
  std::uint64_t count = 0;  // elements seen
  double min = 0;
  double max = 0;
  double sum = 0;
  double sum_of_squares = 0;
  double sum_of_abs = 0;
  std::uint64_t samples = 0;   // observe() calls
  double sum_of_sample_min = 0;
  double sum_of_sample_max = 0;
  double moving_min = 0;  // moving_average: order-dependent, lost in a merge
  double moving_max = 0;
  bool is_merged = false;  // two non-empty records were merged: moving_* means nothing
  Histogram histogram;
};

struct StatisticsOptions {
  int axis = -1;              // -1: one record for the whole tensor; otherwise one per slice along axis
  int histogram_bins = 2048;  // a power of two; 0: none
  double moving_average_constant = 0.01;
};

class TensorStatistics {
 public:
  explicit TensorStatistics(StatisticsOptions options = {});

  /// Takes one float32 tensor (plain layout) into account. Throws invalid_data on NaN or infinity, with the count.
  void observe(const Tensor& value);
  void merge(const TensorStatistics& other);  ///< Throws invalid_data when the options differ.

  const StatisticsOptions& options() const { return options_; }
  const std::vector<SliceStatistics>& slices() const { return slices_; }

  std::string to_json() const;
  static TensorStatistics from_json(const std::string& text);

 private:
  StatisticsOptions options_;
  std::vector<SliceStatistics> slices_;
};

/// A calibration run's result: what a statistics file holds. Ordered by name, so that files compare equal.
struct Statistics {
  std::map<std::string, TensorStatistics> tensors;
  std::uint64_t samples = 0;

  void merge(const Statistics& other);
  std::string to_json() const;
  static Statistics from_json(const std::string& text, const std::string& file);  ///< hostile bytes
};

}  // namespace zeropoint
