#include <algorithm>

#include "kernels/gemm/gemm.h"

namespace zeropoint::reference {

void gemm(const Gemm& gemm, const float* b, std::int64_t b_row_step) {
  for (std::int64_t i = 0; i < gemm.m; ++i) {
    for (std::int64_t j = 0; j < gemm.n; ++j) {
      double sum = 0;
      for (std::int64_t p = 0; p < gemm.k; ++p) {
        sum += double{gemm.a[i * gemm.a_row_step + p]} * double{b[p * b_row_step + j]};
      }
      float& c = gemm.c[i * gemm.c_row_step + j];
      sum = sum * double{gemm.alpha} + (gemm.bias != nullptr ? double{gemm.bias[j]} : 0.0) +
            (gemm.adds_c ? double{c} : 0.0);
      c = std::clamp(static_cast<float>(sum), gemm.lowest, gemm.highest);
    }
  }
}

}  // namespace zeropoint::reference
