// Convolution as a matrix product: weights [channels, K] times columns that gather the codes under
// the window, with Z_x where it reaches beyond the input (im2col; Chellapilla et al. 2006).
#include <algorithm>

#include "base/fail.h"
#include "base/parallel.h"
#include "integer/accumulators.h"
#include "integer/conv_shape.h"
#include "integer/product.h"

namespace zeropoint::integer {
namespace {

constexpr std::string_view kWhere = "integer conv";
constexpr std::int64_t kColumnsPerChunk = 1024;  // output positions that are gathered at once

/// Gathers what lies under the window for rows [first, last) of output positions (all spatial dimensions but the last).
/// `planes` are the group's input channels.
ColumnMatrix gather(const Window& window, const std::int16_t* planes, std::int64_t channels, std::int16_t zero,
                    std::int64_t first, std::int64_t last) {
  const std::size_t inner = window.rank() - 1;
  const std::int64_t width = window.output[inner];
  const Shape outer_output(window.output.begin(), window.output.end() - 1);
  const std::int64_t plane = element_count(window.input);
  ColumnMatrix columns(channels * window.taps(), (last - first) * width);
  for (std::int64_t k = 0; k < columns.length; ++k) {
    const std::int16_t* from = planes + k / window.taps() * plane;
    const std::vector<std::int64_t> tap = position(window.kernel, k % window.taps());
    for (std::int64_t row = first; row < last; ++row) {
      const std::vector<std::int64_t> out = position(outer_output, row);
      std::int64_t offset = 0;  // of the input row
      bool is_inside = true;
      for (std::size_t d = 0; d < inner; ++d) {
        const std::int64_t at = window.coordinate(d, out[d], tap[d]);
        is_inside = is_inside && at >= 0 && at < window.input[d];
        offset = offset * window.input[d] + at;
      }
      const std::int64_t column = (row - first) * width;
      for (std::int64_t x = 0; x < width; ++x) {
        const std::int64_t at = window.coordinate(inner, x, tap[inner]);
        const bool has_code = is_inside && at >= 0 && at < window.input[inner];
        columns.set(k, column + x, has_code ? from[offset * window.input[inner] + at] : zero);
      }
    }
  }
  columns.add_up();
  return columns;
}

}  // namespace

Tensor conv_accumulators(const QuantizedTensor& x, const QuantizedTensor& w, const WindowOptions& options) {
  const Operand input = open_operand(x, kOneGrid, kWhere);
  const Operand weights = open_operand(w, 0, kWhere);
  const ConvShape shape(input.shape, weights.shape, options, kWhere);
  const std::int64_t length = shape.group_channels * shape.window.taps();
  const bool is_narrow = bits(x.codes.dtype()) <= 8 && bits(w.codes.dtype()) <= 8;
  if (!is_narrow || !fits_int32(length, input, weights)) return reference::conv_accumulators(x, w, options);

  const std::vector<std::int16_t> x_codes = codes_as_int16(x.codes);
  const std::vector<std::int16_t> w_codes = codes_as_int16(w.codes);
  Tensor result = Tensor::allocate(DType::i32, shape.result());
  const std::int64_t positions = element_count(shape.window.output);
  const std::int64_t width = shape.window.output.back();
  const std::int64_t rows = positions / width;
  const std::int64_t plane = element_count(shape.window.input);
  const std::int64_t group_outputs = shape.out_channels / shape.groups;
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    const std::int64_t first_output = g * group_outputs;
    const RowMatrix kernels({w_codes.data() + first_output * length, static_cast<std::size_t>(group_outputs * length)},
                            group_outputs, length);
    std::span<const std::int32_t> kernel_zeros = weights.zero_points;
    if (weights.is_per_channel()) {
      kernel_zeros =
          kernel_zeros.subspan(static_cast<std::size_t>(first_output), static_cast<std::size_t>(group_outputs));
    }
    for (std::int64_t n = 0; n < shape.batch; ++n) {
      const std::int16_t* planes = x_codes.data() + (n * shape.groups + g) * shape.group_channels * plane;
      auto* c = result.mutable_data<std::int32_t>() + (n * shape.out_channels + first_output) * positions;
      parallel_ranges(
          rows, std::max<std::int64_t>(1, kColumnsPerChunk / width), [&](std::int64_t first, std::int64_t last) {
            const ColumnMatrix columns = gather(shape.window, planes, shape.group_channels,
                                                static_cast<std::int16_t>(input.zero_points.front()), first, last);
            multiply(kernels, 0, group_outputs, columns, kernel_zeros, input.zero_points, c + first * width, positions);
          });
    }
  }
  return result;
}

QuantizedTensor conv(const QuantizedTensor& x, const QuantizedTensor& w, const Tensor& bias,
                     const WindowOptions& options, const TensorQParams& output, Arithmetic arithmetic,
                     BiasOverflow overflow) {
  Tensor accumulators = conv_accumulators(x, w, options);
  const Operand input = open_operand(x, kOneGrid, kWhere);
  const Operand weights = open_operand(w, 0, kWhere);
  const ChannelLayout layout = conv_channels(accumulators.shape());
  add_bias(accumulators, layout, bias, kWhere, overflow);
  return requantize_channels(accumulators, layout, input, weights, output, arithmetic, kWhere);
}

}  // namespace zeropoint::integer
