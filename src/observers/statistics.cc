#include "observers/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <mutex>
#include <span>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/summary/summary.h"

namespace zeropoint {
namespace {

// A block's extremes decide whether it fits the histogram's present bins, while it is still in the cache.
constexpr std::int64_t kBlock = 8192;
// What one thread takes at a time.
constexpr std::int64_t kChunk = 16 * kBlock;

[[noreturn]] void fail_not_finite(std::span<const float> values, std::string_view name) {
  std::int64_t nans = 0;
  std::int64_t infinities = 0;
  std::size_t first = values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isfinite(values[i])) continue;
    ++(std::isnan(values[i]) ? nans : infinities);
    first = std::min(first, i);
  }
  fail(ErrorKind::invalid_data, std::string(name),
       "{} NaN and {} infinite values of {} (the first at element {}); a range cannot be chosen from them", nans,
       infinities, values.size(), first);
}

/// Counts of one observe() call, over bins that are known before it.
class Counter {
 public:
  explicit Counter(const Histogram& bins) : empty_(bins) {
    std::fill(empty_.counts.begin(), empty_.counts.end(), 0);
    counted_ = empty_;
  }

  bool covers(const Summary& block) const { return empty_.covers(block.min) && empty_.covers(block.max); }

  void count(std::span<const std::span<const float>> runs) {
    if (runs.empty()) return;
    Histogram own = empty_;
    for (const std::span<const float> run : runs) own.count(run);
    const std::scoped_lock lock(mutex_);
    counted_.add(own);
  }

  const Histogram& counted() const { return counted_; }

 private:
  Histogram empty_;  // the bins: what other threads may read while one adds
  Histogram counted_;
  std::mutex mutex_;
};

using Runs = std::vector<std::span<const float>>;

/// Appends a block, to the last run where it follows on it.
void append(Runs& runs, std::span<const float> block) {
  if (!runs.empty() && runs.back().data() + runs.back().size() == block.data()) {
    runs.back() = {runs.back().data(), runs.back().size() + block.size()};
  } else {
    runs.push_back(block);
  }
}

struct ChunkRecord {
  Summary summary;
  Runs late;  // with values outside of the bins known so far
};

ChunkRecord observe_chunk(std::span<const float> chunk, Counter* counter) {
  ChunkRecord record;
  Runs fitting;
  for (std::size_t at = 0; at < chunk.size(); at += kBlock) {
    const auto block = chunk.subspan(at, std::min<std::size_t>(kBlock, chunk.size() - at));
    const Summary summary = summarize_f32(block.data(), static_cast<std::int64_t>(block.size()));
    record.summary.append(summary);
    if (counter != nullptr) append(counter->covers(summary) ? fitting : record.late, block);
  }
  if (record.summary.is_finite && counter != nullptr) counter->count(fitting);
  return record;
}

void observe_slice(std::span<const float> values, std::string_view name, const StatisticsOptions& options,
                   SliceStatistics& slice) {
  const bool wants_histogram = options.histogram_bins > 0;
  const auto n = static_cast<std::int64_t>(values.size());
  const std::int64_t chunks = (n + kChunk - 1) / kChunk;
  Counter counter(slice.histogram);
  std::vector<ChunkRecord> records(static_cast<std::size_t>(chunks));
  parallel_chunks(chunks, [&](std::int64_t i) {
    const std::int64_t begin = i * kChunk;
    const auto chunk = values.subspan(begin, std::min(kChunk, n - begin));
    records[static_cast<std::size_t>(i)] = observe_chunk(chunk, wants_histogram ? &counter : nullptr);
  });

  Summary sample;
  for (const ChunkRecord& record : records) sample.append(record.summary);
  if (!sample.is_finite) fail_not_finite(values, name);

  const double c = options.moving_average_constant;
  const bool is_first = slice.count == 0;
  if (!slice.is_merged) {
    slice.moving_min = is_first ? sample.min : slice.moving_min + c * (sample.min - slice.moving_min);
    slice.moving_max = is_first ? sample.max : slice.moving_max + c * (sample.max - slice.moving_max);
  }
  slice.min = is_first ? sample.min : std::min<double>(slice.min, sample.min);
  slice.max = is_first ? sample.max : std::max<double>(slice.max, sample.max);
  slice.samples += 1;
  slice.count += values.size();
  slice.zeros += static_cast<std::uint64_t>(sample.zeros);
  slice.sum.add(sample.sum);
  slice.sum_of_squares.add(sample.sum_of_squares);
  slice.sum_of_abs.add(sample.sum_of_abs);
  slice.sum_of_sample_min.add(sample.min);
  slice.sum_of_sample_max.add(sample.max);
  if (options.torch_histogram && !slice.is_merged) slice.torch_histogram.observe(values, sample.min, sample.max);
  if (!wants_histogram) return;

  Histogram grown = Histogram::over(slice.min, slice.max, options.histogram_bins);
  grown.add(slice.histogram);
  grown.add(counter.counted());
  Counter late(grown);
  parallel_chunks(chunks, [&](std::int64_t i) { late.count(records[static_cast<std::size_t>(i)].late); });
  grown.add(late.counted());
  slice.histogram = std::move(grown);
}

/// The elements with index `slice` along the axis, next to each other.
std::vector<float> gather_slice(const Tensor& value, int axis, std::int64_t slice) {
  const std::int64_t slices = value.dim(axis);
  std::int64_t inner = 1;
  for (int i = axis + 1; i < value.rank(); ++i) inner *= value.dim(i);
  std::vector<float> gathered;
  gathered.reserve(static_cast<std::size_t>(value.size() / slices));
  for (const float* at = value.data<float>() + slice * inner; at < value.data<float>() + value.size();
       at += slices * inner) {
    gathered.insert(gathered.end(), at, at + inner);
  }
  return gathered;
}

std::string describe(const StatisticsOptions& options) {
  return fmt::format("axis {}, {} bins, moving average constant {} and {} PyTorch histogram", options.axis,
                     options.histogram_bins, options.moving_average_constant, options.torch_histogram ? "a" : "no");
}

void check_options(const StatisticsOptions& options) {
  const int bins = options.histogram_bins;
  const bool bins_offered = bins == 0 || (bins >= kMinHistogramBins && bins <= kMaxHistogramBins &&
                                          std::has_single_bit(static_cast<unsigned>(bins)));
  if (!bins_offered) {
    fail(ErrorKind::invalid_option, "--bins", "{} is neither 0 nor a power of two from {} to {}", bins,
         kMinHistogramBins, kMaxHistogramBins);
  }
  const double c = options.moving_average_constant;
  if (!(c > 0 && c <= 1)) fail(ErrorKind::invalid_option, "--averaging", "{} is not in (0, 1]", c);
}

}  // namespace

void SliceStatistics::merge(const SliceStatistics& other, int histogram_bins) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  samples += other.samples;
  count += other.count;
  zeros += other.zeros;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  sum.add(other.sum);
  sum_of_squares.add(other.sum_of_squares);
  sum_of_abs.add(other.sum_of_abs);
  sum_of_sample_min.add(other.sum_of_sample_min);
  sum_of_sample_max.add(other.sum_of_sample_max);
  moving_min = moving_max = 0;
  torch_histogram = {};
  is_merged = true;
  if (histogram_bins == 0) return;
  Histogram joined = Histogram::over(min, max, histogram_bins);
  joined.add(histogram);
  joined.add(other.histogram);
  histogram = std::move(joined);
}

TensorStatistics::TensorStatistics(StatisticsOptions options) : TensorStatistics(options, {}) {}

TensorStatistics::TensorStatistics(StatisticsOptions options, std::vector<SliceStatistics> slices)
    : options_(options), slices_(std::move(slices)) {
  check_options(options_);
}

void TensorStatistics::observe(const Tensor& value, std::string_view name) {
  const std::string where(name);
  if (value.dtype() != DType::f32) {
    fail(ErrorKind::invalid_data, where, "only float32 is observed, not {}", zeropoint::name(value.dtype()));
  }
  if (options_.axis >= value.rank()) {
    fail(ErrorKind::invalid_option, where, "there is no axis {} in shape {}", options_.axis, to_string(value.shape()));
  }
  const bool per_axis = options_.axis >= 0;
  const auto slice_count = static_cast<std::size_t>(per_axis ? value.dim(options_.axis) : 1);
  if (!slices_.empty() && slices_.size() != slice_count) {
    fail(ErrorKind::invalid_data, where, "shape {} has {} slices along axis {}; earlier samples had {}",
         to_string(value.shape()), slice_count, options_.axis, slices_.size());
  }
  if (value.size() == 0) return;
  if (!per_axis) {
    std::vector<SliceStatistics> fresh(slices_.empty() ? 1 : 0);
    observe_slice(value.values<float>(), name, options_, slices_.empty() ? fresh.front() : slices_.front());
    if (slices_.empty()) slices_ = std::move(fresh);
    return;
  }
  const auto values = value.values<float>();
  if (!std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); })) {
    fail_not_finite(values, name);
  }
  slices_.resize(slice_count);
  parallel_chunks(static_cast<std::int64_t>(slice_count), [&](std::int64_t i) {
    observe_slice(gather_slice(value, options_.axis, i), name, options_, slices_[static_cast<std::size_t>(i)]);
  });
}

void TensorStatistics::merge(const TensorStatistics& other, std::string_view name) {
  const std::string where(name);
  if (options_ != other.options_) {
    fail(ErrorKind::invalid_data, where, "statistics with {} do not merge with statistics with {}",
         describe(other.options_), describe(options_));
  }
  if (other.slices_.empty()) return;
  if (slices_.empty()) slices_.resize(other.slices_.size());
  if (slices_.size() != other.slices_.size()) {
    fail(ErrorKind::invalid_data, where, "statistics of {} slices do not merge with {}", other.slices_.size(),
         slices_.size());
  }
  for (std::size_t i = 0; i < slices_.size(); ++i) slices_[i].merge(other.slices_[i], options_.histogram_bins);
}

void Statistics::merge(const Statistics& other) {
  for (const auto& [name, theirs] : other.tensors) {
    const auto [at, is_new] = tensors.try_emplace(name, theirs);
    if (!is_new) at->second.merge(theirs, name);
  }
  for (const auto& [name, theirs] : other.channel_means) channel_means[name].merge(theirs, name);
  samples += other.samples;
}

}  // namespace zeropoint
