// What rounding the weights takes away from a product on average, and the bias gives back.
//
//   y' = W' x + b   differs from   y = W x + b   by (W' - W) x, whose mean is not zero where the mean
//   of x is not: after a Relu. b' = b + (W - W') E[x] restores the mean of every output channel.
//
// Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
// Correction", section 4.2, with E[x] measured in calibration. Padding is not counted: near the
// border the correction is too large by the share of the kernel that lies outside.
#pragma once

#include "graph/graph.h"
#include "observers/channel_means.h"

namespace zeropoint {

/// (W - W') E[x] per output channel, float32, for a Conv or Gemm whose weight error W - W' is
/// `weight_error`. No tensor when `means` is null or does not fit, or for other operators.
Tensor bias_correction(const Node& node, const Tensor& weight_error, const ChannelMeans* means);

}  // namespace zeropoint
