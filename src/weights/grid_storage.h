// What a file format can hold of a grid. Methods choose grids that it holds, so that nothing changes on the way there.
#pragma once

#include "zeropoint/dtype.h"

namespace zeropoint {

struct GridStorage {
  DType scale_type = DType::f32;      // float32, float16 or bfloat16: scales are rounded to it
  bool has_lowest_zero_point = true;  // off: affine grids keep their zero points above the lowest code

  bool operator==(const GridStorage&) const = default;
};

}  // namespace zeropoint
