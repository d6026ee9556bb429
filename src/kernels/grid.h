// What every kernel has to know of grids, and where its result goes.
#pragma once

#include <cstdint>

#include "zeropoint/quant.h"

namespace zeropoint {

struct CodeGrid {
  float scale = 1;
  std::int32_t zero_point = 0;
  CodeRange codes;
};

/// `count` grids that share their codes.
struct GridSpan {
  const float* scales = nullptr;
  const std::int32_t* zero_points = nullptr;
  std::int64_t count = 0;
  CodeRange codes;

  CodeGrid operator[](std::int64_t i) const { return {scales[i], zero_points[i], codes}; }
  GridSpan from(std::int64_t first, std::int64_t n) const { return {scales + first, zero_points + first, n, codes}; }
};

/// streaming: the result is larger than the cache and written past it. Same bytes either way.
enum class Store { cached, streaming };

}  // namespace zeropoint
