#include <vector>

#include "kernels/dense/dense.h"
#include "kernels/dense/small_triangle.h"
#include "kernels/dense/tiles.h"

namespace zeropoint {

// M = L^-1 solves L M = I, one block of rows after the other: once the rows M1 of a block are final, every row i below
// loses L[i, block] M1. The rows below hold their pending sums where L stood in columns that are done with.
//   M[block, left] = L11^-1 pending[block, left],  M[block, block] = L11^-1
void invert_lower(float* l, std::int64_t n) {
  std::vector<float> inverse(static_cast<std::size_t>(kDenseBlock * kDenseBlock));
  std::vector<float> panels(static_cast<std::size_t>(packed_rhs_size(kDenseBlock, n)));
  std::vector<float> below(static_cast<std::size_t>(n * kDenseBlock));
  for (std::int64_t at = 0; at < n; at += kDenseBlock) {
    const std::int64_t width = std::min(kDenseBlock, n - at);
    float* rows = l + at * n;
    SmallTriangle block(rows + at, n, width);
    block.invert();
    block.store_whole(inverse.data(), width);
    if (at > 0) {
      pack_rhs_parallel(rows, n, 1, width, at, panels.data());
      const Gemm left{.m = width,
                      .n = at,
                      .k = width,
                      .a = inverse.data(),
                      .a_row_step = width,
                      .b = panels.data(),
                      .c = rows,
                      .c_row_step = n};
      run_gemms({&left, 1});
    }
    block.store(rows + at, n);
    const std::int64_t rest = n - at - width;
    if (rest == 0) break;

    // The block's columns below are taken away, and are pending sums of 0 from now on.
    float* under = rows + width * n;
    parallel_ranges(rest, kTile, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        std::copy_n(under + r * n + at, width, below.data() + r * width);
        std::fill_n(under + r * n + at, width, 0.0F);
      }
    });
    pack_rhs_parallel(rows, n, 1, width, at, panels.data());
    pack_rhs(inverse.data(), width, 1, width, width, panels.data() + at * width);
    run({.m = rest,
         .n = at + width,
         .k = width,
         .a = below.data(),
         .packed = panels.data(),
         .alpha = -1,
         .c = under,
         .c_row_step = n});
  }
}

}  // namespace zeropoint
