// What a Scheme means for a tensor of a given shape: which element lies on which grid.
//
// A tensor is seen as [outer, length, inner] around the scheme's axis. In memory order it falls into
// patches of two kinds, which are all that a kernel has to know of granularity: runs (every run of
// neighbours on a grid of its own) and columns (rows whose neighbours lie on neighbouring grids).
#pragma once

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

/// runs: elements begin + [i * size, (i + 1) * size) lie on grid `grid + i`, for i in [0, count).
/// columns: element begin + row * size + c lies on grid `grid + c`, for row in [0, count), c in [0, size).
struct Patch {
  enum class Kind { runs, columns };
  Kind kind = Kind::runs;
  std::int64_t begin = 0;
  std::int64_t size = 0;
  std::int64_t count = 1;
  std::int64_t grid = 0;

  std::int64_t elements() const { return size * count; }
};

/// The longest patch that starts at element `begin` and ends at most at `end`; begin < end.
Patch patch_at(const GridLayout& layout, std::int64_t begin, std::int64_t end);

/// Calls body(Patch) for the pieces of elements [begin, end), in memory order.
template <class Body>
void for_each_patch(const GridLayout& layout, std::int64_t begin, std::int64_t end, Body&& body) {
  while (begin < end) {
    const Patch patch = patch_at(layout, begin, end);
    body(patch);
    begin += patch.elements();
  }
}

/// Elements after which the pattern of patches repeats; work is best cut at multiples of it.
std::int64_t patch_period(const GridLayout& layout);

}  // namespace zeropoint
