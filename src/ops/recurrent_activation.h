// The activation functions that RNN, GRU and LSTM name in their attributes.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/elementwise/unary.h"
#include "ops/op.h"

namespace zeropoint {

/// y = outer_scale * f(inner_scale * x) + shift after x was clipped to [-clip, clip].
class RecurrentActivation {
 public:
  RecurrentActivation(UnaryF32 function, UnaryParams params, float inner_scale = 1, float outer_scale = 1)
      : function_(function), params_(params), inner_scale_(inner_scale), outer_scale_(outer_scale) {}

  /// alpha * x + beta
  static RecurrentActivation affine(float alpha, float beta);

  void set_clip(float clip) { clip_ = clip; }
  void apply(float* values, std::int64_t count) const;

 private:
  UnaryF32 function_;
  UnaryParams params_;
  float inner_scale_;
  float outer_scale_;
  bool is_affine_ = false;
  float clip_ = 0;  // 0: no clip
};

/// `count` activations for each of `directions`, from the attributes activations, activation_alpha, activation_beta and
/// clip; `defaults` name them when the node does not. Throws invalid_model for unknown names and wrong numbers.
std::vector<RecurrentActivation> recurrent_activations(const OpSite& site, std::size_t directions,
                                                       const std::vector<std::string>& defaults);

}  // namespace zeropoint
