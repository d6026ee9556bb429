#include "kernels/small_gemm/small_gemm.h"

namespace zeropoint::reference {

void small_gemm(const SmallGemm& g) {
  for (std::int64_t i = 0; i < g.m; ++i) {
    for (std::int64_t j = 0; j < g.n; ++j) {
      float sum = g.accumulate ? g.c[i * g.ldc + j] : 0;
      for (std::int64_t p = 0; p < g.k; ++p) sum += g.a[i * g.lda + p] * g.b[p * g.ldb + j];
      g.c[i * g.ldc + j] = sum;
    }
  }
}

}  // namespace zeropoint::reference
