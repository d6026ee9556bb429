#include "integer/conv_layer.h"

namespace zeropoint::integer {

ConvLayer::ConvLayer(const Shape& x_shape, const Operand& x, const Operand& weights, const Tensor& packed,
                     const Tensor& bias, const ConvLayerOptions& options)
    : shape_(x_shape, weights.shape, options.window, kConv),
      bias_(bias, shape_.out_channels, options.overflow, kConv),
      requantizer_(x, weights, shape_.out_channels, options.output, options.arithmetic, kConv),
      bias_fits_(fits_int32(shape_.group_channels * shape_.window.taps(), x, weights, bias_.largest())),
      conv_(shape_, x.zero_points.front(), packed) {}

void ConvLayer::run(const Tensor& x, Tensor& codes) const {
  conv_.run(x, bias_fits_ ? bias_.values() : nullptr, [&](const ChannelRun& run) {
    if (!bias_fits_) bias_.add(run.sums, run.n, run.channel);
    requantizer_.store(run.sums, run.n, run.channel, codes, run.begin);
  });
}

}  // namespace zeropoint::integer
