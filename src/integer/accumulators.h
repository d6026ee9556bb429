// From int32 accumulators to codes: the bias, then one multiplier for all or one per channel.
#pragma once

#include <string_view>

#include "integer/operand.h"

namespace zeropoint::integer {

/// `accumulators` seen as [outer, channels, inner]; a channel has its own grid of `weights` and its own bias.
struct ChannelLayout {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;
};

/// Adds int32 bias[channel] (or nothing, when it is absent) to every accumulator. Throws invalid_data, naming `where`,
/// when the bias does not fit or, unless `overflow` says otherwise, a sum leaves int32.
void add_bias(Tensor& accumulators, const ChannelLayout& layout, const Tensor& bias, std::string_view where,
              BiasOverflow overflow = BiasOverflow::error);

/// Codes of `output` with M = S_a S_weights[channel] / S_y.
QuantizedTensor requantize_channels(const Tensor& accumulators, const ChannelLayout& layout, const Operand& a,
                                    const Operand& weights, const TensorQParams& output, Arithmetic arithmetic,
                                    std::string_view where);

}  // namespace zeropoint::integer
