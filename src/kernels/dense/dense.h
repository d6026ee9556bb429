// Dense symmetric matrices in float32: sums of outer products, Cholesky factors and inverses of triangles.
//
// Everything is made of rank-128 and rank-256 updates by kernels/gemm, whose sums run in a fixed order:
// the bits do not depend on the thread count. Matrices are row-major and square, n elements from row to
// row. Float32 suffices: a Gram matrix of r rows is summed in chunks of 256 rows, each within 256 2^-24 of
// its exact sum, and the chunks within r / 256 2^-24; a damped one (kappa up to about 10^5) keeps three
// digits in its factor, more than the rounding of weights to 8 bits can notice. The small blocks on the
// diagonal, on which all others depend, are factored and inverted in float64.
#pragma once

#include <cstdint>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// X^T X of rows that arrive bit by bit. They are gathered into chunks of fixed size, so that the sum does not depend
/// on how many rows come at once.
class GramMatrix {
 public:
  explicit GramMatrix(std::int64_t columns);

  /// `rows` rows of `columns` floats, row_step elements from one to the next.
  void add(const float* x, std::int64_t rows, std::int64_t row_step);

  std::int64_t columns() const { return columns_; }
  std::int64_t rows() const { return rows_; }  ///< seen so far

  /// float32 [columns, columns], both triangles, times `factor`. Nothing may be added afterwards.
  Tensor finish(float factor = 1);

 private:
  void add_chunk();

  std::int64_t columns_;
  std::int64_t rows_ = 0;
  std::int64_t buffered_ = 0;
  Tensor chunk_;       // [kChunk, columns]
  Tensor transposed_;  // [columns, kChunk]
  Tensor panels_;      // the chunk as pack_rhs() lays it
  Tensor sum_;         // [columns, columns], the lower triangle
};

/// A = L L^T: L replaces the lower triangle of `a`, what is above the diagonal is not touched. Returns n, or the index
/// of the first pivot that is not positive; `a` is then of no more use.
std::int64_t cholesky_lower(float* a, std::int64_t n);

/// L^-1 in place of the lower triangle L; what is above the diagonal is not touched.
void invert_lower(float* l, std::int64_t n);

/// d^T H d of every row d of `rows` [count, n], row_step elements from one to the next, from the lower triangle of the
/// symmetric H; summed in float64.
void quadratic_forms(const float* rows, std::int64_t row_step, std::int64_t count, const float* h, std::int64_t n,
                     double* forms);

namespace reference {
/// The definitions, in float64 throughout.
void gram(const float* x, std::int64_t rows, std::int64_t columns, float* sum);
std::int64_t cholesky_lower(float* a, std::int64_t n);
void invert_lower(float* l, std::int64_t n);
void quadratic_forms(const float* rows, std::int64_t row_step, std::int64_t count, const float* h, std::int64_t n,
                     double* forms);
}  // namespace reference

}  // namespace zeropoint
