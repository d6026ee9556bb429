// Reading and writing single real elements of any float type, and refusing values that no range contains.
#pragma once

#include <cstdint>

#include "base/float16.h"
#include "zeropoint/quant.h"

namespace zeropoint {

/// Element i of float32, float16, bfloat16 or float64 elements. Exact.
inline double load_real(DType dtype, const void* data, std::int64_t i) {
  switch (dtype) {
    case DType::f64:
      return static_cast<const double*>(data)[i];
    case DType::f16:
      return f16_to_f32(static_cast<const std::uint16_t*>(data)[i]);
    case DType::bf16:
      return bf16_to_f32(static_cast<const std::uint16_t*>(data)[i]);
    default:
      return static_cast<const float*>(data)[i];
  }
}

/// Stores a float32 as element i, rounded to nearest even where the type is narrower.
inline void store_real(DType dtype, void* data, std::int64_t i, float value) {
  switch (dtype) {
    case DType::f64:
      static_cast<double*>(data)[i] = value;
      break;
    case DType::f16:
      static_cast<std::uint16_t*>(data)[i] = f32_to_f16(value);
      break;
    case DType::bf16:
      static_cast<std::uint16_t*>(data)[i] = f32_to_bf16(value);
      break;
    default:
      static_cast<float*>(data)[i] = value;
  }
}

/// Throws invalid_data with the counts when `x` holds a NaN or an infinity that `options` do not allow.
void check_finite(const Tensor& x, const QuantizeOptions& options);

}  // namespace zeropoint
