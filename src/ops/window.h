// Sliding windows: what Conv, ConvTranspose and the pools share. One entry per spatial axis everywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

struct Window {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  std::vector<std::int64_t> pads_begin;
  std::vector<std::int64_t> pads_end;
  std::vector<std::int64_t> output;  // how many windows

  std::size_t rank() const { return kernel.size(); }
};

/// The spatial part of a convolution's weight [.., .., kernel...], checked against the input's rank and the attribute
/// kernel_shape. Throws invalid_model naming the node.
std::vector<std::int64_t> weight_kernel(const OpSite& site, const Shape& x, const Shape& w);

/// The attribute group of a convolution of x [N, C, ...] with w [M, C/group, ...], checked.
std::int64_t convolution_groups(const OpSite& site, const Shape& x, const Shape& w);

/// Reads strides, dilations, pads, auto_pad and ceil_mode for an input of shape [N, C, spatial...].
/// With ceil_mode the last window may leave the padded input at its end but starts inside.
/// Throws invalid_model naming the node.
Window sliding_window(const OpSite& site, const Shape& input, std::vector<std::int64_t> kernel);

/// The same for the transposed convolution: output_shape, output_padding. pads_end may come out negative:
/// the output is longer than what the windows cover.
Window transposed_window(const OpSite& site, const Shape& input, std::vector<std::int64_t> kernel);

/// [N, channels, output...]
Shape windowed_shape(std::int64_t batch, std::int64_t channels, const Window& window);

}  // namespace zeropoint
