// The activations that a convolution can apply to its result before it writes it.
#pragma once

namespace zeropoint {

enum class ActivationKind { none, relu, leaky_relu, clip };

struct Activation {
  ActivationKind kind = ActivationKind::none;
  float alpha = 0;  // leaky_relu: the slope below 0; clip: the lowest result
  float beta = 0;   // clip: the highest result
};

}  // namespace zeropoint
