#include "kernels/dense/small_triangle.h"

#include <algorithm>
#include <cmath>

namespace zeropoint {

SmallTriangle::SmallTriangle(const float* from, std::int64_t row_step, std::int64_t n)
    : n_(n), values_(static_cast<std::size_t>(n * n)) {
  for (std::int64_t r = 0; r < n; ++r) std::copy_n(from + r * row_step, r + 1, row(r));
}

// Column by column: once column k is final, it leaves its outer product from all columns behind it. The column is
// copied into a row so that the inner loop runs over neighbours.
std::int64_t SmallTriangle::factor() {
  std::vector<double> column(static_cast<std::size_t>(n_));
  for (std::int64_t k = 0; k < n_; ++k) {
    const double pivot = row(k)[k];
    if (!(pivot > 0) || std::isinf(pivot)) return k;
    const double root = std::sqrt(pivot);
    row(k)[k] = root;
    for (std::int64_t r = k + 1; r < n_; ++r) column[static_cast<std::size_t>(r)] = row(r)[k] /= root;
    for (std::int64_t r = k + 1; r < n_; ++r) {
      const double factor = column[static_cast<std::size_t>(r)];
      double* to = row(r);
      for (std::int64_t c = k + 1; c <= r; ++c) to[c] -= factor * column[static_cast<std::size_t>(c)];
    }
  }
  return n_;
}

// Row r of the inverse: (e_r - sum_{c < r} L[r, c] inverse[c]) / L[r, r].
void SmallTriangle::invert() {
  std::vector<double> sum(static_cast<std::size_t>(n_));
  for (std::int64_t r = 0; r < n_; ++r) {
    std::fill_n(sum.begin(), r, 0.0);
    for (std::int64_t c = 0; c < r; ++c) {
      const double factor = row(r)[c];
      const double* inverse = row(c);
      for (std::int64_t j = 0; j <= c; ++j) sum[static_cast<std::size_t>(j)] += factor * inverse[j];
    }
    const double pivot = row(r)[r];
    for (std::int64_t j = 0; j < r; ++j) row(r)[j] = -sum[static_cast<std::size_t>(j)] / pivot;
    row(r)[r] = 1 / pivot;
  }
}

void SmallTriangle::store(float* to, std::int64_t row_step) const {
  for (std::int64_t r = 0; r < n_; ++r) {
    for (std::int64_t c = 0; c <= r; ++c) to[r * row_step + c] = static_cast<float>(row(r)[c]);
  }
}

void SmallTriangle::store_whole(float* to, std::int64_t row_step) const {
  store(to, row_step);
  for (std::int64_t r = 0; r < n_; ++r) std::fill(to + r * row_step + r + 1, to + r * row_step + n_, 0.0F);
}

void SmallTriangle::store_transposed(float* to, std::int64_t row_step) const {
  for (std::int64_t c = 0; c < n_; ++c) {
    for (std::int64_t r = 0; r < n_; ++r) to[c * row_step + r] = r < c ? 0.0F : static_cast<float>(row(r)[c]);
  }
}

}  // namespace zeropoint
