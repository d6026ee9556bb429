#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const std::size_t rank = x.shape.size();
  if (rank < 2 || x.shape[rank - 1] != x.shape[rank - 2]) {
    site.invalid("the input has shape {}; square matrices are expected", to_string(x.shape));
  }
  return {{.dtype = x.dtype, .shape = Shape(x.shape.begin(), x.shape.end() - 2)}};
}

/// Gaussian elimination with partial pivoting in double: the product of the pivots, negated for each exchange of rows.
double determinant(std::vector<double>& a, std::size_t n) {
  double product = 1;
  for (std::size_t column = 0; column < n; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < n; ++row) {
      if (std::abs(a[row * n + column]) > std::abs(a[pivot * n + column])) pivot = row;
    }
    if (a[pivot * n + column] == 0) return 0;
    if (pivot != column) {
      std::swap_ranges(&a[pivot * n], &a[pivot * n] + n, &a[column * n]);
      product = -product;
    }
    product *= a[column * n + column];
    for (std::size_t row = column + 1; row < n; ++row) {
      const double factor = a[row * n + column] / a[column * n + column];
      for (std::size_t k = column; k < n; ++k) a[row * n + k] -= factor * a[column * n + k];
    }
  }
  return product;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const auto n = static_cast<std::size_t>(site.input(0).shape.back());
  return for_float(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([n](const KernelIo& io) {
      const T* x = io.in(0).data<T>();
      T* y = io.out(0).mutable_data<T>();
      parallel_chunks(io.out(0).size(), [&](std::int64_t i) {
        const T* matrix = x + static_cast<std::size_t>(i) * n * n;
        std::vector<double> copy(matrix, matrix + n * n);
        y[i] = static_cast<T>(determinant(copy, n));
      });
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Det", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_det() { return kOps; }

}  // namespace zeropoint
