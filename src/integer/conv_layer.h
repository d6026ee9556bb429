// integer::conv() with everything but x known: checks, packing and multipliers are done once, for models that run the
// same layer again and again.
#pragma once

#include <string_view>

#include "integer/accumulators.h"
#include "integer/prepared_conv.h"

namespace zeropoint::integer {

inline constexpr std::string_view kConv = "integer conv";  // in errors

struct ConvLayerOptions {
  WindowOptions window;
  TensorQParams output;  // one grid, codes of at least 8 bits
  Arithmetic arithmetic = Arithmetic::onnx;
  BiasOverflow overflow = BiasOverflow::error;
};

class ConvLayer {
 public:
  /// `packed` comes from PreparedConv::pack(); PreparedConv::takes() says which operands are taken. Throws as conv().
  ConvLayer(const Shape& x_shape, const Operand& x, const Operand& weights, const Tensor& packed, const Tensor& bias,
            const ConvLayerOptions& options);

  /// `codes` has the shape of the result and the type of the output's grid.
  void run(const Tensor& x, Tensor& codes) const;

 private:
  ConvShape shape_;
  ChannelBias bias_;
  ChannelRequantizer requantizer_;
  bool bias_fits_;  // no order of adding it can leave int32: the sums start from it
  PreparedConv conv_;
};

}  // namespace zeropoint::integer
