// What calibration remembers of one tensor: enough to choose a range later by any observer's rule
// without running the model again.
//
// Memory is fixed, and the record does not depend on the thread count. Records merge exactly: merge
// in any order and any grouping, and the result is bit for bit what observing all samples in one
// place gives. Counts, extremes and histograms are sets of integers; sums are made per sample with
// a fixed shape (16 interleaved lanes of double per block, blocks in order) and enter an ExactSum,
// which does not round. Only moving_min, moving_max and torch_histogram depend on order, by definition.
// Thread safety: that of a plain value; observe() is parallel inside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/exact_sum.h"
#include "observers/channel_means.h"
#include "observers/histogram.h"
#include "observers/torch_histogram_state.h"
#include "zeropoint/quant.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// The record of one grid: a whole tensor, or one slice of it along the axis.
struct SliceStatistics {
  std::uint64_t samples = 0;  // observe() calls that held elements
  std::uint64_t count = 0;    // elements seen
  std::uint64_t zeros = 0;    // of which exactly 0 (which every grid represents exactly)
  double min = 0;             // meaningless while count == 0
  double max = 0;
  ExactSum sum;
  ExactSum sum_of_squares;
  ExactSum sum_of_abs;
  ExactSum sum_of_sample_min;  // of each observe() call's smallest value
  ExactSum sum_of_sample_max;
  double moving_min = 0;  // m += c (x - m) over the samples' extremes
  double moving_max = 0;
  bool is_merged = false;          // two records were merged, in no particular order: what depends on it is lost
  Histogram histogram;             // of all elements, zeros included; empty when not wanted
  TorchHistogram torch_histogram;  // empty when not wanted

  void merge(const SliceStatistics& other, int histogram_bins);
  bool operator==(const SliceStatistics&) const = default;
};

struct StatisticsOptions {
  int axis = -1;              // -1: one record for the whole tensor; otherwise one per slice along axis
  int histogram_bins = 4096;  // at most so many, at least half of them in use; a power of two; 0: no histogram
  double moving_average_constant = 0.01;
  bool torch_histogram = false;  // also keep the state of PyTorch's HistogramObserver

  bool operator==(const StatisticsOptions&) const = default;
};

class TensorStatistics {
 public:
  explicit TensorStatistics(StatisticsOptions options = {});
  TensorStatistics(StatisticsOptions options, std::vector<SliceStatistics> slices);

  /// Takes one float32 tensor into account. NaN or infinity throws invalid_data with the count and
  /// the place of the first, naming `name`, and leaves the record as it was.
  void observe(const Tensor& value, std::string_view name = "tensor");

  /// Throws invalid_data when the options or the number of slices differ.
  void merge(const TensorStatistics& other, std::string_view name = "tensor");

  const StatisticsOptions& options() const { return options_; }
  const std::vector<SliceStatistics>& slices() const { return slices_; }  ///< empty until something was seen

  bool operator==(const TensorStatistics&) const = default;

 private:
  StatisticsOptions options_;
  std::vector<SliceStatistics> slices_;
};

/// A calibration run's result: what a statistics file holds. Ordered by name, so that files compare equal.
struct Statistics {
  std::map<std::string, TensorStatistics> tensors;
  std::map<std::string, ChannelMeans> channel_means;  // of the inputs of products with a bias
  std::uint64_t samples = 0;

  void merge(const Statistics& other);  ///< A tensor that only one of them has is kept.

  /// JSON, one line per tensor; doubles with 17 digits, so that reading gives the same bits.
  std::string to_json() const;

  /// `file` names the text in errors. Throws invalid_data on anything that to_json() cannot have written.
  static Statistics from_json(std::string_view text, const std::string& file);
  static Statistics load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path) const;

  bool operator==(const Statistics&) const = default;
};

}  // namespace zeropoint
