#include "observers/channel_means.h"

#include <string>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/summary/summary.h"

namespace zeropoint {
namespace {

// Channels that one thread takes at a time: a row of a late layer is only 49 elements.
constexpr std::int64_t kGrain = 16;

void check_channels(std::size_t seen, std::size_t now, std::string_view name) {
  if (seen == 0 || seen == now) return;
  fail(ErrorKind::invalid_data, std::string(name), "{} channels; earlier samples had {}", now, seen);
}

}  // namespace

void ChannelMeans::observe(const Tensor& value, std::string_view name) {
  if (value.dtype() != DType::f32 || value.rank() < 2) {
    fail(ErrorKind::invalid_data, std::string(name), "{}{} has no channels", zeropoint::name(value.dtype()),
         to_string(value.shape()));
  }
  const std::int64_t channels = value.dim(1);
  check_channels(sums_.size(), static_cast<std::size_t>(channels), name);
  if (value.size() == 0) return;
  const std::int64_t rows = value.dim(0);
  const std::int64_t inner = value.size() / (rows * channels);
  sums_.resize(static_cast<std::size_t>(channels));
  count_ += static_cast<std::uint64_t>(rows * inner);
  parallel_ranges(channels, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      for (std::int64_t n = 0; n < rows; ++n) {
        const float* row = value.data<float>() + (n * channels + c) * inner;
        sums_[static_cast<std::size_t>(c)].add(summarize_f32(row, inner).sum);
      }
    }
  });
}

void ChannelMeans::merge(const ChannelMeans& other, std::string_view name) {
  if (other.sums_.empty()) return;
  check_channels(sums_.size(), other.sums_.size(), name);
  sums_.resize(other.sums_.size());
  count_ += other.count_;
  for (std::size_t c = 0; c < sums_.size(); ++c) sums_[c].add(other.sums_[c]);
}

std::vector<double> ChannelMeans::means() const {
  std::vector<double> means;
  for (const ExactSum& sum : sums_) means.push_back(sum.value() / static_cast<double>(count_));
  return means;
}

}  // namespace zeropoint
