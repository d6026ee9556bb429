// How much a weight lost by being quantized.
#pragma once

#include "weights/weight.h"

namespace zeropoint {

/// 10 log10(sum w^2 / sum (w - w')^2); infinite when nothing was lost. `weight` is [rows, columns] of float32, float16
/// or bfloat16. Sums in double, in a fixed order.
double sqnr_db(const Tensor& weight, const QuantizedWeight& quantized);

}  // namespace zeropoint
