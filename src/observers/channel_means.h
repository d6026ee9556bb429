// The mean of every channel of an activation [N, C, ...] over all samples: what bias correction
// multiplies weight errors with.
//
// Each row of a channel is summed in double with a fixed shape and enters an ExactSum, so that the
// result depends neither on batching, nor on threads, nor on how samples were spread over shards.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/exact_sum.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

class ChannelMeans {
 public:
  ChannelMeans() = default;
  ChannelMeans(std::uint64_t count, std::vector<ExactSum> sums) : count_(count), sums_(std::move(sums)) {}

  /// `value` is finite float32 of rank 2 or more. Throws invalid_data, naming `name`, when the number
  /// of channels differs from earlier samples'.
  void observe(const Tensor& value, std::string_view name = "tensor");
  void merge(const ChannelMeans& other, std::string_view name = "tensor");

  std::uint64_t count() const { return count_; }               ///< elements of each channel
  const std::vector<ExactSum>& sums() const { return sums_; }  ///< one per channel; empty until something was seen
  std::vector<double> means() const;

  bool operator==(const ChannelMeans&) const = default;

 private:
  std::uint64_t count_ = 0;
  std::vector<ExactSum> sums_;
};

}  // namespace zeropoint
