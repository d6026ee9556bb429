#include <cmath>
#include <vector>

#include "kernels/dense/dense.h"

namespace zeropoint::reference {

void gram(const float* x, std::int64_t rows, std::int64_t columns, float* sum) {
  for (std::int64_t i = 0; i < columns; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      double total = 0;
      for (std::int64_t r = 0; r < rows; ++r) total += double{x[r * columns + i]} * double{x[r * columns + j]};
      sum[i * columns + j] = static_cast<float>(total);
    }
  }
}

std::int64_t cholesky_lower(float* a, std::int64_t n) {
  std::vector<double> l(static_cast<std::size_t>(n * n));
  const auto at = [&](std::int64_t r, std::int64_t c) -> double& { return l[static_cast<std::size_t>(r * n + c)]; };
  for (std::int64_t c = 0; c < n; ++c) {
    for (std::int64_t r = c; r < n; ++r) {
      double rest = double{a[r * n + c]};
      for (std::int64_t k = 0; k < c; ++k) rest -= at(r, k) * at(c, k);
      if (r == c && !(rest > 0)) return c;
      at(r, c) = r == c ? std::sqrt(rest) : rest / at(c, c);
    }
  }
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c <= r; ++c) a[r * n + c] = static_cast<float>(at(r, c));
  }
  return n;
}

void invert_lower(float* l, std::int64_t n) {
  std::vector<double> inverse(static_cast<std::size_t>(n * n));
  const auto at = [&](std::int64_t r, std::int64_t c) -> double& {
    return inverse[static_cast<std::size_t>(r * n + c)];
  };
  for (std::int64_t c = 0; c < n; ++c) {
    for (std::int64_t r = c; r < n; ++r) {
      double rest = r == c ? 1 : 0;
      for (std::int64_t k = c; k < r; ++k) rest -= double{l[r * n + k]} * at(k, c);
      at(r, c) = rest / double{l[r * n + r]};
    }
  }
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c <= r; ++c) l[r * n + c] = static_cast<float>(at(r, c));
  }
}

void quadratic_forms(const float* rows, std::int64_t row_step, std::int64_t count, const float* h, std::int64_t n,
                     double* forms) {
  for (std::int64_t r = 0; r < count; ++r) {
    const float* d = rows + r * row_step;
    forms[r] = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        const float lower = i >= j ? h[i * n + j] : h[j * n + i];
        forms[r] += double{d[i]} * double{lower} * double{d[j]};
      }
    }
  }
}

}  // namespace zeropoint::reference
