// Real elements of any float type: as float32 for the kernels, and counted where no range contains them.
#pragma once

#include <cstdint>
#include <vector>

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

/// Elements [begin, end) as float32: a pointer into the tensor where it is float32, otherwise converted into `buffer`.
/// Exact, except for float64, which is rounded.
const float* load_f32(const Tensor& x, std::int64_t begin, std::int64_t end, std::vector<float>& buffer);

/// Stores n floats as elements `begin` and following, rounded to nearest even where the type is narrower.
void store_f32(Tensor& x, std::int64_t begin, const float* values, std::int64_t n);

/// True when `options` allow NaN and infinities both, so that nobody has to look.
bool allows_everything(const QuantizeOptions& options);

/// Throws invalid_data with the counts when `x` holds a NaN or an infinity that `options` do not allow.
void check_finite(const Tensor& x, const QuantizeOptions& options);

}  // namespace zeropoint
