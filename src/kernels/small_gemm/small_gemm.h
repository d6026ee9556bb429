// Matrix products with few rows, such as one step of a recurrent network or the heads of an
// attention: C = A B or C += A B in float32, all row-major, single-threaded.
//
// Every element of C is the sum over k in order, by fused multiply-adds where the CPU has them, so
// callers may cut rows and columns among threads as they like without changing a bit.
#pragma once

#include <cstdint>

namespace zeropoint {

struct SmallGemm {
  std::int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;  // [m][k], lda elements from row to row
  std::int64_t lda = 0;
  const float* b = nullptr;  // [k][n]
  std::int64_t ldb = 0;
  float* c = nullptr;  // [m][n]; overlaps neither a nor b
  std::int64_t ldc = 0;
  bool accumulate = false;  // add to what is in c
};

void small_gemm(const SmallGemm& gemm);

namespace reference {
/// The definition; equal within rounding (fused multiply-adds round once).
void small_gemm(const SmallGemm& gemm);
}  // namespace reference

}  // namespace zeropoint
