// Scale and zero point of every grid of an array, by an observer's rule, whatever the array's type and the granularity.
#pragma once

#include "observers/observer.h"
#include "zeropoint/quant.h"

namespace zeropoint {

/// `x` as for quantize(): float32, float16, bfloat16 or float64; what is not finite and allowed by `options` counts as
/// real 0. The observer sees float32 values. Observer mse, which reckons with a histogram, is held to the values
/// themselves: a grid keeps its full range where that one's squared error is no larger, and always with codes of more
/// than 8 bits, whose steps are finer than the histogram's bins. Throws what
/// choose_range() and choose_tensor_qparams() throw.
TensorQParams choose_observed_qparams(const Tensor& x, const Scheme& scheme, const ObserverSpec& observer,
                                      Convention convention = Convention::onnx, const QuantizeOptions& options = {});

}  // namespace zeropoint
