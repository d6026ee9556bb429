// Factors and inverses of blocks on the diagonal: at most kDenseBlock wide, in float64.
#pragma once

#include <cstdint>
#include <vector>

namespace zeropoint {

/// A lower triangle of at most kDenseBlock rows, row-major.
class SmallTriangle {
 public:
  SmallTriangle(const float* from, std::int64_t row_step, std::int64_t n);

  std::int64_t factor();  ///< A = L L^T; n, or the index of the first pivot that is not positive.
  void invert();

  void store(float* to, std::int64_t row_step) const;             ///< the lower triangle
  void store_whole(float* to, std::int64_t row_step) const;       ///< with zeros above the diagonal
  void store_transposed(float* to, std::int64_t row_step) const;  ///< the same, rows and columns exchanged

 private:
  double* row(std::int64_t r) { return values_.data() + r * n_; }
  const double* row(std::int64_t r) const { return values_.data() + r * n_; }

  std::int64_t n_;
  std::vector<double> values_;
};

}  // namespace zeropoint
