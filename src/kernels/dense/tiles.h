// How dense matrices are cut for kernels/gemm.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/parallel.h"
#include "kernels/gemm/gemm.h"

namespace zeropoint {

// Columns that are eliminated at once: enough multiplications for every element of the rest that passes through memory.
constexpr std::int64_t kDenseBlock = 128;

// Tiles that are updated: a multiple of every tile height and panel width of kernels/gemm. Two operands of 192 x 256
// floats fit the second-level cache.
constexpr std::int64_t kTile = 192;
constexpr std::int64_t kStrip = 64;  // columns of a tile on the diagonal that begin at the same row

/// pack_rhs() on all threads. `packed` holds packed_rhs_size(k, n) floats.
inline void pack_rhs_parallel(const float* b, std::int64_t row_step, std::int64_t column_step, std::int64_t k,
                              std::int64_t n, float* packed) {
  parallel_ranges(n, kTile, [&](std::int64_t begin, std::int64_t end) {
    pack_rhs(b + begin * column_step, row_step, column_step, k, end - begin, packed + begin * k);
  });
}

/// C += alpha A B: A is [m, k], dense, and B is [k, n], packed.
struct Update {
  std::int64_t m, n, k;
  const float* a;
  const float* packed;
  float alpha;
  float* c;
  std::int64_t c_row_step;

  Gemm tile(std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t columns) const {
    return {.m = std::min(rows, m - row),
            .n = std::min(columns, n - column),
            .k = k,
            .a = a + row * k,
            .a_row_step = k,
            .b = packed + column * k,
            .c = c + row * c_row_step + column,
            .c_row_step = c_row_step,
            .alpha = alpha,
            .adds_c = true};
  }
};

inline void run(const Update& update) {
  constexpr std::int64_t kRows = kTile / 2;
  constexpr std::int64_t kColumns = kTile * 2;
  std::vector<Gemm> tiles;
  for (std::int64_t column = 0; column < update.n; column += kColumns) {
    for (std::int64_t row = 0; row < update.m; row += kRows) tiles.push_back(update.tile(row, kRows, column, kColumns));
  }
  run_gemms(tiles);
}

/// Of a square C the lower triangle, and what else is in the strips on the diagonal.
inline void run_lower(const Update& update) {
  std::vector<Gemm> tiles;
  for (std::int64_t column = 0; column < update.n; column += kTile) {
    const std::int64_t end = column + kTile;
    for (std::int64_t strip = column; strip < std::min(end, update.n); strip += kStrip) {
      tiles.push_back(update.tile(strip, end - strip, strip, kStrip));
    }
    for (std::int64_t row = end; row < update.m; row += kTile) tiles.push_back(update.tile(row, kTile, column, kTile));
  }
  run_gemms(tiles);
}

}  // namespace zeropoint
