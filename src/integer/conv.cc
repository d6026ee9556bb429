#include <algorithm>

#include "integer/conv_layer.h"

namespace zeropoint::integer {

Tensor conv_accumulators(const QuantizedTensor& x, const QuantizedTensor& w, const WindowOptions& options) {
  const Operand input = open_operand(x, kOneGrid, kConv);
  const Operand weights = open_operand(w, 0, kConv);
  const ConvShape shape(input.shape, weights.shape, options, kConv);
  if (!PreparedConv::takes(shape, input, weights)) return reference::conv_accumulators(x, w, options);
  Tensor result = Tensor::allocate(DType::i32, shape.result());
  auto* to = result.mutable_data<std::int32_t>();
  const PreparedConv conv(shape, input.zero_points.front(), PreparedConv::pack(w.codes, weights));
  conv.run(codes_as_bytes(x.codes), nullptr,
           [&](const ChannelRun& run) { std::copy_n(run.sums, run.n, to + run.begin); });
  return result;
}

QuantizedTensor conv(const QuantizedTensor& x, const QuantizedTensor& w, const Tensor& bias,
                     const WindowOptions& options, const TensorQParams& output, Arithmetic arithmetic,
                     BiasOverflow overflow) {
  const Operand input = open_operand(x, kOneGrid, kConv);
  const Operand weights = open_operand(w, 0, kConv);
  const ConvShape shape(input.shape, weights.shape, options, kConv);
  QuantizedTensor result{Tensor::allocate(output.scheme.dtype, shape.result()), output};
  if (PreparedConv::takes(shape, input, weights) && bits(output.scheme.dtype) >= 8) {
    const ConvLayer layer(input.shape, input, weights, PreparedConv::pack(w.codes, weights), bias,
                          {.window = options, .output = output, .arithmetic = arithmetic, .overflow = overflow});
    layer.run(codes_as_bytes(x.codes), result.codes);
    return result;
  }
  Tensor sums = conv_accumulators(x, w, options);
  const std::int64_t positions = element_count(shape.window.output);
  const ChannelBias add(bias, shape.out_channels, overflow, kConv);
  const ChannelRequantizer requantizer(input, weights, shape.out_channels, output, arithmetic, kConv);
  for (std::int64_t begin = 0; begin < sums.size(); begin += positions) {
    const std::int64_t channel = begin / positions % shape.out_channels;
    std::int32_t* run = sums.mutable_data<std::int32_t>() + begin;
    add.add(run, positions, channel);
    requantizer.store(run, positions, channel, result.codes, begin);
  }
  return result;
}

}  // namespace zeropoint::integer
