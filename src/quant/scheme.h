// What a Scheme means for a tensor of a given shape: which element lies on which grid.
//
// A tensor is seen as [outer, length, inner] around the scheme's axis. In memory order it falls
// into segments: runs of elements on one grid, or runs whose element i lies on grid first + i.
// Those two cases are all that a kernel has to know of granularity.
#pragma once

#include <algorithm>
#include <cstdint>

#include "zeropoint/quant.h"

namespace zeropoint {

bool has_integer_codes(DType dtype);  // int2 to int32 and uint2 to uint16
float max_float_code(DType dtype);    // largest finite value of an 8-bit or 4-bit float; 0 for other types

/// Throws invalid_option for a type without codes and for a blocked scheme without a block size.
void check_scheme(const Scheme& scheme);

struct GridLayout {
  Granularity granularity = Granularity::per_tensor;
  std::int64_t outer = 1;
  std::int64_t length = 1;
  std::int64_t inner = 1;
  std::int64_t block = 1;   // elements of `length` that share a grid
  std::int64_t blocks = 1;  // along `length`

  bool operator==(const GridLayout&) const = default;
};

GridLayout grid_layout(const Shape& shape, const Scheme& scheme);
std::int64_t grid_count(const GridLayout& layout);

/// Consecutive elements on grid `grid` (stride 0), or on grids grid, grid + 1, ... (stride 1).
struct Segment {
  std::int64_t begin = 0;
  std::int64_t size = 0;
  std::int64_t grid = 0;
  int stride = 0;
};

/// Calls body(Segment) for the pieces of elements [begin, end), in memory order.
template <class Body>
void for_each_segment(const GridLayout& layout, std::int64_t begin, std::int64_t end, Body&& body) {
  if (layout.granularity == Granularity::per_tensor) {
    if (begin < end) body(Segment{begin, end - begin, 0, 0});
    return;
  }
  const bool blocked = layout.granularity == Granularity::blocked;
  const bool along_axis = layout.inner == 1;  // neighbours in memory are neighbours along the axis
  while (begin < end) {
    const std::int64_t row = begin / layout.inner;
    const std::int64_t column = begin % layout.inner;
    const std::int64_t outer = row / layout.length;
    const std::int64_t at = row % layout.length;
    Segment segment{.begin = begin};
    if (!blocked) {
      segment.grid = at;
      segment.stride = along_axis ? 1 : 0;
      segment.size = along_axis ? layout.length - at : layout.inner - column;
    } else {
      segment.grid = (outer * layout.blocks + at / layout.block) * layout.inner + column;
      segment.stride = along_axis ? 0 : 1;
      segment.size =
          along_axis ? std::min(layout.block - at % layout.block, layout.length - at) : layout.inner - column;
    }
    segment.size = std::min(segment.size, end - begin);
    body(segment);
    begin += segment.size;
  }
}

}  // namespace zeropoint
