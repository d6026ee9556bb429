// Matrix products of float32, small and large, without set-up cost.
//
//   c[i, j] = clamp(alpha * sum_p a[i, p] b[p, j] + bias[j] [+ c[i, j]], lowest, highest)
//
// The sum runs over p = 0, 1, 2 ... in one accumulator per element (fused multiply-add where the
// CPU has it), so that the result does not depend on tiles or threads. The right-hand side is read
// from panels (pack_rhs), which lie in the order in which the inner loop wants them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace zeropoint {

struct Gemm {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  const float* a = nullptr;
  std::int64_t a_row_step = 0;  // elements from row to row; columns are dense
  const float* b = nullptr;     // packed by pack_rhs()
  float* c = nullptr;
  std::int64_t c_row_step = 0;
  float alpha = 1;
  const float* bias = nullptr;  // n values, or none
  bool adds_c = false;
  float lowest = -std::numeric_limits<float>::infinity();
  float highest = std::numeric_limits<float>::infinity();
};

/// Floats that the packed form of a [k, n] matrix takes.
std::int64_t packed_rhs_size(std::int64_t k, std::int64_t n);

/// Packs b[p, j] = b[p * row_step + j * column_step].
void pack_rhs(const float* b, std::int64_t row_step, std::int64_t column_step, std::int64_t k, std::int64_t n,
              float* packed);

/// Products that do not depend on each other, in parallel.
void run_gemms(std::span<const Gemm> gemms);

namespace reference {
void gemm(const Gemm& gemm, const float* b, std::int64_t b_row_step);  // b as it was before packing
}  // namespace reference

}  // namespace zeropoint
