// How much a weight lost by being quantized.
#pragma once

#include "weights/weight.h"

namespace zeropoint {

struct WeightPower {
  double signal = 0;  // sum w^2
  double noise = 0;   // sum (w - w')^2

  WeightPower& operator+=(const WeightPower& other);
  double sqnr_db() const;  ///< 10 log10(signal / noise); infinite when nothing was lost
};

/// `weight` is [rows, columns] of float32, float16 or bfloat16. Sums in double, in a fixed order.
WeightPower power_of(const Tensor& weight, const QuantizedWeight& quantized);

}  // namespace zeropoint
