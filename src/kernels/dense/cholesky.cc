#include <vector>

#include "kernels/dense/dense.h"
#include "kernels/dense/small_triangle.h"
#include "kernels/dense/tiles.h"

namespace zeropoint {

// Right-looking: with A = [A11 .; A21 A22],
//   L11 = chol(A11),  L21 = A21 L11^-T,  A22 -= L21 L21^T,  and on with A22.
std::int64_t cholesky_lower(float* a, std::int64_t n) {
  std::vector<float> inverse(static_cast<std::size_t>(packed_rhs_size(kDenseBlock, kDenseBlock)));
  std::vector<float> square(static_cast<std::size_t>(kDenseBlock * kDenseBlock));
  std::vector<float> below(static_cast<std::size_t>(n * kDenseBlock));
  std::vector<float> panels(static_cast<std::size_t>(packed_rhs_size(kDenseBlock, n)));
  for (std::int64_t at = 0; at < n; at += kDenseBlock) {
    const std::int64_t width = std::min(kDenseBlock, n - at);
    SmallTriangle block(a + at * n + at, n, width);
    if (const std::int64_t pivot = block.factor(); pivot < width) return at + pivot;
    block.store(a + at * n + at, n);
    const std::int64_t rest = n - at - width;
    if (rest == 0) break;

    block.invert();
    block.store_transposed(square.data(), width);
    pack_rhs(square.data(), width, 1, width, width, inverse.data());
    float* a21 = a + (at + width) * n + at;
    const Gemm solve{.m = rest,
                     .n = width,
                     .k = width,
                     .a = a21,
                     .a_row_step = n,
                     .b = inverse.data(),
                     .c = below.data(),
                     .c_row_step = width};
    run_gemms({&solve, 1});
    parallel_ranges(rest, kTile, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) std::copy_n(below.data() + r * width, width, a21 + r * n);
    });
    pack_rhs_parallel(below.data(), 1, width, width, rest, panels.data());
    run_lower({.m = rest,
               .n = rest,
               .k = width,
               .a = below.data(),
               .packed = panels.data(),
               .alpha = -1,
               .c = a + (at + width) * (n + 1),
               .c_row_step = n});
  }
  return n;
}

}  // namespace zeropoint
