// What every kernel has to know of a grid, and where its result goes.
#pragma once

#include <cstdint>

#include "zeropoint/quant.h"

namespace zeropoint {

struct CodeGrid {
  float scale = 1;
  std::int32_t zero_point = 0;
  CodeRange codes;
};

/// streaming: the result is larger than the cache and written past it. Same bytes either way.
enum class Store { cached, streaming };

}  // namespace zeropoint
