// The grids of a tensor, checked and unpacked once before its elements are touched.
#pragma once

#include <string_view>
#include <vector>

#include "quant/scheme.h"
#include "zeropoint/quant.h"

namespace zeropoint {

/// Elements per piece of work: a whole number of packed bytes, small enough for the cache.
constexpr std::int64_t kChunk = 1 << 16;

struct Grids {
  GridLayout layout;
  const float* scales = nullptr;
  std::vector<std::int32_t> zero_points;  // one per grid
  CodeRange codes;                        // {0, 0} for float codes
};

/// Throws invalid_data, naming the tensor, when the shapes of `qparams` do not belong to a tensor of `shape`,
/// a scale is not a positive finite number, or a zero point is no code.
Grids open_grids(const Shape& shape, const TensorQParams& qparams, std::string_view name);

/// Throws invalid_option unless dtype is float32, float16, bfloat16 or float64.
void require_real(DType dtype, std::string_view name);

/// Throws invalid_option for 8-bit and 4-bit floats, whose codes are not integers.
void require_integer_codes(DType dtype, std::string_view name);

/// Throws internal unless `t` can receive `dtype` elements of `shape`.
void require_destination(const Tensor& t, DType dtype, const Shape& shape);

}  // namespace zeropoint
