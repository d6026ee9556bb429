// From int32 accumulators to codes: the bias, then one multiplier for all or one per channel.
#pragma once

#include <string_view>

#include "integer/operand.h"
#include "kernels/requantize/requantize.h"

namespace zeropoint::integer {

/// Rows with a channel per column are taken in pieces that begin at multiples of this.
constexpr std::int64_t kColumnBlock = 256;

/// The bias of every channel, checked once.
class ChannelBias {
 public:
  /// Throws invalid_data, naming `where`, unless `bias` is int32 [channels] or absent.
  ChannelBias(const Tensor& bias, std::int64_t channels, BiasOverflow overflow, std::string_view where);

  std::int64_t largest() const;  ///< magnitude
  const std::int32_t* values() const { return bias_ ? bias_.data<std::int32_t>() : nullptr; }

  /// Adds that of one channel to n sums. Throws invalid_data when a sum leaves int32, unless `overflow` says otherwise.
  void add(std::int32_t* sums, std::int64_t n, std::int64_t channel) const;

  /// Adds to sums[i] that of channel first + i.
  void add_to_row(std::int32_t* sums, std::int64_t n, std::int64_t first) const;

 private:
  std::int32_t add_one(std::int32_t sum, std::int64_t bias) const;

  Tensor bias_;
  BiasOverflow overflow_;
  std::string_view where_;
};

/// The multipliers of every channel, M = S_a S_weights[channel] / S_y, made once. Codes below 8 bits share bytes with
/// their neighbours: one thread stores them all.
class ChannelRequantizer {
 public:
  ChannelRequantizer(const Operand& a, const Operand& weights, std::int64_t channels, const TensorQParams& output,
                     Arithmetic arithmetic, std::string_view where);

  /// n sums of one channel become the elements of `codes` from `begin` on.
  void store(const std::int32_t* sums, std::int64_t n, std::int64_t channel, Tensor& codes, std::int64_t begin) const;

  /// Sums of the channels first, first + 1, ... become the elements from `begin` on. `first` is a multiple of
  /// kColumnBlock, and n the whole block, all that is left of the channels, or all of them.
  void store_row(const std::int32_t* sums, std::int64_t n, std::int64_t first, Tensor& codes, std::int64_t begin) const;

 private:
  std::vector<Rescale> rescales_;
  std::vector<ColumnRescale> blocks_;  // of kColumnBlock channels
  RequantizeTarget target_;
};

}  // namespace zeropoint::integer
