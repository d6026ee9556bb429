// The grids of a tensor, checked and unpacked once before its elements are touched.
#pragma once

#include <string_view>
#include <vector>

#include "base/float8.h"
#include "kernels/grid.h"
#include "quant/scheme.h"
#include "zeropoint/quant.h"

namespace zeropoint {

struct Grids {
  DType dtype = DType::undefined;  // of the codes
  GridLayout layout;
  const float* scales = nullptr;
  std::vector<std::int32_t> zero_points;  // one per grid
  CodeRange codes;                        // integer codes only
  const SmallFloat* format = nullptr;     // float codes only

  GridSpan span(std::int64_t first, std::int64_t count) const {
    return {scales + first, zero_points.data() + first, count, codes};
  }
};

/// Throws invalid_data, naming the tensor, when the shapes of `qparams` do not belong to a tensor of `shape`,
/// a scale is not a positive finite number, or a zero point is no code.
Grids open_grids(const Shape& shape, const TensorQParams& qparams, std::string_view name);

/// Elements per piece of work: about 64 Ki, whole patches where they are small, whole packed bytes always.
std::int64_t chunk_size(const Grids& grids);

/// Throws invalid_option unless dtype is float32, float16, bfloat16 or float64.
void require_real(DType dtype, std::string_view name);

/// Throws invalid_option for 8-bit and 4-bit floats, whose codes are not integers.
void require_integer_codes(DType dtype, std::string_view name);

/// Throws internal unless `t` has this type and shape.
void require_form(const Tensor& t, DType dtype, const Shape& shape);

}  // namespace zeropoint
