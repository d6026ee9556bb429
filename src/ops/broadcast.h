// Numpy broadcasting: the shape rule, and a walk over several operands in the order of the output.
//
// Dimensions of size 1 vanish and neighbours that move alike merge, so most pairs of shapes become
// one or two loops. The walk hands out rectangles (tiles) in which every operand has a constant step
// per row and per column; the column step is 1, or 0 where a value is repeated. Tiles run in parallel.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "ops/op.h"

namespace zeropoint {

/// Throws invalid_model naming the node and the shapes when they do not fit together.
Shape broadcast_shape(const OpSite& site);

class Broadcast {
 public:
  static constexpr int kMaxOperands = 3;
  using Offsets = std::array<std::int64_t, kMaxOperands>;

  /// A rectangle of the output: `rows` dense rows of `cols` elements from element `out`.
  struct Tile {
    std::int64_t out;
    std::int64_t rows;
    std::int64_t cols;
    Offsets in;        // first element of each operand
    Offsets row_step;  // elements
    Offsets col_step;  // 1 or 0
  };

  /// The operands' shapes must broadcast to `output`. `grain`: elements that are worth a parallel chunk.
  Broadcast(const Shape& output, std::initializer_list<const Shape*> operands, std::int64_t grain);

  template <class Body>
  void for_each_tile(Body&& body) const {
    parallel_ranges(tiles_, tiles_per_chunk_, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) body(tile(i));
    });
  }

 private:
  struct Loop {
    std::int64_t size;
    Offsets step;
  };

  Tile tile(std::int64_t index) const;

  std::vector<Loop> outer_;
  Loop rows_{1, {}};
  Loop cols_{1, {}};
  std::int64_t tile_rows_ = 1;
  std::int64_t tile_cols_ = 1;
  std::int64_t row_tiles_ = 1;
  std::int64_t col_tiles_ = 1;
  std::int64_t tiles_ = 0;
  std::int64_t tiles_per_chunk_ = 1;
};

}  // namespace zeropoint
