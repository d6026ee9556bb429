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

// Tiles of a triangle: a multiple of every tile height and panel width of kernels/gemm. Two operands of 192 x 256
// floats fit the second-level cache.
constexpr std::int64_t kTriangleTile = 192;

/// pack_rhs() on all threads. `packed` holds packed_rhs_size(k, n) floats.
inline void pack_rhs_parallel(const float* b, std::int64_t row_step, std::int64_t column_step, std::int64_t k,
                              std::int64_t n, float* packed) {
  parallel_ranges(n, kTriangleTile, [&](std::int64_t begin, std::int64_t end) {
    pack_rhs(b + begin * column_step, row_step, column_step, k, end - begin, packed + begin * k);
  });
}

/// C += alpha A B for the lower triangle of the [n, n] matrix C (whole tiles on the diagonal): A is [n, k], dense, and
/// B is [k, n], packed.
inline void update_lower(const float* a, const float* packed, std::int64_t n, std::int64_t k, float alpha, float* c,
                         std::int64_t c_row_step) {
  std::vector<Gemm> tiles;
  for (std::int64_t column = 0; column < n; column += kTriangleTile) {
    for (std::int64_t row = column; row < n; row += kTriangleTile) {
      tiles.push_back({.m = std::min(kTriangleTile, n - row),
                       .n = std::min(kTriangleTile, n - column),
                       .k = k,
                       .a = a + row * k,
                       .a_row_step = k,
                       .b = packed + column * k,
                       .c = c + row * c_row_step + column,
                       .c_row_step = c_row_step,
                       .alpha = alpha,
                       .adds_c = true});
    }
  }
  run_gemms(tiles);
}

}  // namespace zeropoint
