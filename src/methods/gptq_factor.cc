#include "methods/gptq_factor.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/fail.h"
#include "base/parallel.h"
#include "kernels/dense/dense.h"
#include "kernels/minmax/minmax.h"

namespace zeropoint {
namespace {

constexpr double kRaise = 10;           // damping of the next attempt over that of the last
constexpr double kMostDamping = 100;    // times the mean of the diagonal: H is all but the identity then
constexpr double kFirstDamping = 1e-6;  // what follows an attempt without damping
constexpr std::int64_t kRowGrain = 64;

void require_finite_hessian(const Tensor& hessian, const std::string& where) {
  const std::int64_t n = hessian.dim(0);
  const float* h = hessian.data<float>();
  for (std::int64_t r = 0; r < n; ++r) {
    if (!minmax_f32(h + r * n, r + 1).is_finite) {
      const float* bad = std::find_if(h + r * n, h + r * n + r, [](float x) { return !std::isfinite(x); });
      fail(ErrorKind::invalid_data, where,
           "its Hessian has {} at [{}, {}]: the inputs of calibration are not finite, or too large",
           std::isnan(*bad) ? "a NaN" : "an infinity", r, bad - (h + r * n));
    }
    if (h[r * n + r] < 0) {
      fail(ErrorKind::invalid_data, where, "its Hessian has {} on the diagonal, at [{}, {}]", h[r * n + r], r, r);
    }
  }
}

/// H in reverse order with its damping, the lower triangle: if J H J = L L^T, then H = (J L J)(J L J)^T with J L J
/// upper triangular, and U = (J L J)^-1 = J L^-1 J has U^T U = H^-1. One factor and one inverse instead of three.
void gather_reversed(const Tensor& hessian, const GptqFactor& factor, double added, float* to) {
  const std::int64_t n = hessian.dim(0);
  const float* h = hessian.data<float>();
  parallel_ranges(n, kRowGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const std::int64_t row = factor.order[static_cast<std::size_t>(n - 1 - r)];
      for (std::int64_t c = 0; c <= r; ++c) {
        const std::int64_t column = factor.order[static_cast<std::size_t>(n - 1 - c)];
        to[r * n + c] = row >= column ? h[row * n + column] : h[column * n + row];
      }
      if (to[r * n + r] == 0) to[r * n + r] = 1;
      to[r * n + r] = static_cast<float>(double{to[r * n + r]} + added);
    }
  });
}

}  // namespace

GptqFactor factor_hessian(const Tensor& hessian, double damping, bool act_order, const std::string& where) {
  require_finite_hessian(hessian, where);
  const std::int64_t n = hessian.dim(0);
  const float* h = hessian.data<float>();
  GptqFactor factor{.damping = damping};
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    sum += double{h[i * n + i]};
    if (h[i * n + i] == 0) factor.dead.push_back(i);
  }
  const auto living = static_cast<double>(n - static_cast<std::int64_t>(factor.dead.size()));
  const double mean = living > 0 ? sum / living : 0;
  factor.order.resize(static_cast<std::size_t>(n));
  std::iota(factor.order.begin(), factor.order.end(), 0);
  if (act_order) {
    std::stable_sort(factor.order.begin(), factor.order.end(),
                     [&](std::int64_t a, std::int64_t b) { return h[a * n + a] > h[b * n + b]; });
  }
  factor.u = Tensor::allocate(DType::f32, {n, n});
  float* u = factor.u.mutable_data<float>();
  for (;; ++factor.raises) {
    factor.added = factor.damping * mean;
    gather_reversed(hessian, factor, factor.added, u);
    if (cholesky_lower(u, n) == n) break;
    if (factor.damping >= kMostDamping) {
      fail(ErrorKind::invalid_data, where,
           "its Hessian is not positive definite, even with {} times the mean of its diagonal added", factor.damping);
    }
    factor.damping = std::max(factor.damping * kRaise, kFirstDamping);
  }
  invert_lower(u, n);
  std::reverse(u, u + n * n);
  return factor;
}

}  // namespace zeropoint
