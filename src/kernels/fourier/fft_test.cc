#include "kernels/fourier/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace zeropoint {
namespace {

using Complex = std::complex<double>;

/// The definition.
std::vector<Complex> transform(const std::vector<Complex>& x) {
  const std::size_t n = x.size();
  std::vector<Complex> y(n);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      y[k] += x[i] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i * k % n) / static_cast<double>(n));
    }
  }
  return y;
}

TEST(Fft, IsLikeTheDefinitionForAnyLength) {
  for (const std::size_t n : {1, 2, 3, 4, 5, 7, 8, 12, 16, 31, 60, 64, 97}) {
    std::vector<Complex> x(n);
    for (std::size_t i = 0; i < n; ++i) x[i] = {std::sin(static_cast<double>(i * i)), std::cos(static_cast<double>(i))};
    std::vector<Complex> y = x;
    const Fft fft(static_cast<std::int64_t>(n));
    fft.run(y.data());
    const std::vector<Complex> expected = transform(x);
    for (std::size_t k = 0; k < n; ++k) EXPECT_NEAR(std::abs(y[k] - expected[k]), 0, 1e-12) << n << " at " << k;
    fft.run_inverse(y.data());
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(std::abs(y[i] - x[i]), 0, 1e-13) << n << " at " << i;
  }
}

}  // namespace
}  // namespace zeropoint
