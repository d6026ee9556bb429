#include "kernels/dense/dense.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/parallel.h"
#include "support/simd_targets.h"

namespace zeropoint {
namespace {

// Around the borders of panels, blocks (128) and tiles (192).
const std::vector<std::int64_t> kSizes = {1, 2, 31, 33, 127, 128, 129, 191, 193, 257, 400};

std::vector<float> random_values(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

/// X^T X of n + 20 random rows: positive definite.
std::vector<float> random_gram(std::int64_t n, unsigned seed) {
  const std::vector<float> x = random_values((n + 20) * n, seed);
  std::vector<float> gram(static_cast<std::size_t>(n * n));
  reference::gram(x.data(), n + 20, n, gram.data());
  return gram;
}

/// The largest difference of the lower triangles, relative to the largest element.
double lower_difference(const std::vector<float>& actual, const std::vector<float>& expected, std::int64_t n) {
  double difference = 0;
  double largest = 0;
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c <= r; ++c) {
      const auto at = static_cast<std::size_t>(r * n + c);
      difference = std::max(difference, std::abs(double{actual[at]} - double{expected[at]}));
      largest = std::max(largest, std::abs(double{expected[at]}));
    }
  }
  return difference / largest;
}

TEST(GramMatrix, SumsOuterProducts) {
  const float x[] = {1, 2, 3, 4};
  GramMatrix gram(2);
  gram.add(x, 2, 2);
  EXPECT_EQ(gram.rows(), 2);
  const Tensor sum = gram.finish(0.5F);
  const auto values = sum.values<float>();
  EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{5, 7, 7, 10}));
}

TEST(GramMatrix, IsLikeTheReferenceAtTheBordersOfTiles) {
  testing::for_each_target([] {
    for (const std::int64_t n : {1, 33, 192, 200}) {
      for (const std::int64_t rows : {1, 255, 256, 257, 600}) {
        const std::vector<float> x = random_values(rows * n, 3);
        std::vector<float> expected(static_cast<std::size_t>(n * n));
        reference::gram(x.data(), rows, n, expected.data());
        GramMatrix gram(n);
        gram.add(x.data(), rows, n);
        const Tensor sum = gram.finish();
        for (std::int64_t i = 0; i < n * n; ++i) {
          // The largest sums are about `rows`; each addition rounds by at most 2^-24 of them.
          ASSERT_NEAR(sum.data<float>()[i], expected[static_cast<std::size_t>(i)],
                      1e-6 * static_cast<double>(rows + 10))
              << n << " columns, " << rows << " rows, element " << i;
        }
      }
    }
  });
}

TEST(GramMatrix, DoesNotDependOnThreadsNorOnHowRowsArrive) {
  const std::int64_t n = 200, rows = 700;
  const std::vector<float> x = random_values(rows * n, 4);
  const auto sum_in_steps = [&](std::int64_t step, int threads) {
    set_num_threads(threads);
    GramMatrix gram(n);
    for (std::int64_t r = 0; r < rows; r += step) gram.add(x.data() + r * n, std::min(step, rows - r), n);
    const Tensor sum = gram.finish();
    const auto values = sum.values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  const std::vector<float> expected = sum_in_steps(rows, 1);
  EXPECT_EQ(sum_in_steps(1, 1), expected);
  EXPECT_EQ(sum_in_steps(300, 4), expected);
  set_num_threads(0);
}

TEST(Cholesky, FactorsTwoByTwo) {
  float a[] = {4, -1, 2, 10};
  EXPECT_EQ(cholesky_lower(a, 2), 2);
  EXPECT_EQ(std::vector<float>(a, a + 4), (std::vector<float>{2, -1, 1, 3}));
}

TEST(Cholesky, IsLikeTheReferenceAtTheBordersOfBlocks) {
  testing::for_each_target([] {
    for (const std::int64_t n : kSizes) {
      std::vector<float> expected = random_gram(n, 5);
      for (std::int64_t i = 0; i < n; ++i) expected[static_cast<std::size_t>(i * n + i)] += 1;
      std::vector<float> actual = expected;
      ASSERT_EQ(reference::cholesky_lower(expected.data(), n), n);
      ASSERT_EQ(cholesky_lower(actual.data(), n), n);
      ASSERT_LT(lower_difference(actual, expected, n), 2e-5) << n;
    }
  });
}

TEST(Cholesky, NamesThePivotThatFails) {
  for (const std::int64_t bad : {0, 5, 130, 250}) {
    const std::int64_t n = 260;
    std::vector<float> a(static_cast<std::size_t>(n * n));
    for (std::int64_t i = 0; i < n; ++i) a[static_cast<std::size_t>(i * n + i)] = i == bad ? -1.0F : 1.0F;
    EXPECT_EQ(cholesky_lower(a.data(), n), bad);
  }
  float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(cholesky_lower(&nan, 1), 0);
}

TEST(InvertLower, IsLikeTheReferenceAtTheBordersOfBlocks) {
  testing::for_each_target([] {
    for (const std::int64_t n : kSizes) {
      std::vector<float> l = random_gram(n, 6);
      for (std::int64_t i = 0; i < n; ++i) l[static_cast<std::size_t>(i * n + i)] += 1;
      ASSERT_EQ(reference::cholesky_lower(l.data(), n), n);
      std::vector<float> expected = l;
      reference::invert_lower(expected.data(), n);
      invert_lower(l.data(), n);
      ASSERT_LT(lower_difference(l, expected, n), 1e-4) << n;
    }
  });
}

TEST(InvertLower, LeavesTheUpperTriangleAlone) {
  const std::int64_t n = 200;
  std::vector<float> l(static_cast<std::size_t>(n * n), 7.0F);
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c < r; ++c) l[static_cast<std::size_t>(r * n + c)] = 0;
  }
  invert_lower(l.data(), n);
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = r + 1; c < n; ++c) ASSERT_EQ(l[static_cast<std::size_t>(r * n + c)], 7.0F);
  }
}

TEST(QuadraticForms, AreLikeTheReference) {
  testing::for_each_target([] {
    for (const std::int64_t n : {1, 127, 129, 400}) {
      const std::int64_t count = 100, step = n + 3;
      std::vector<float> h = random_gram(n, 7);
      for (std::int64_t r = 0; r < n; ++r) {  // what is above the diagonal must not be read
        for (std::int64_t c = r + 1; c < n; ++c) h[static_cast<std::size_t>(r * n + c)] = 1e9F;
      }
      const std::vector<float> rows = random_values(count * step, 8);
      std::vector<double> expected(count);
      std::vector<double> actual(count);
      reference::quadratic_forms(rows.data(), step, count, h.data(), n, expected.data());
      quadratic_forms(rows.data(), step, count, h.data(), n, actual.data());
      for (std::size_t r = 0; r < expected.size(); ++r) ASSERT_NEAR(actual[r] / expected[r], 1, 1e-5) << n;
    }
  });
}

TEST(Dense, DoesNotDependOnTheThreadCount) {
  const std::int64_t n = 400;
  const auto factor = [&](int threads) {
    set_num_threads(threads);
    std::vector<float> l = random_gram(n, 9);
    for (std::int64_t i = 0; i < n; ++i) l[static_cast<std::size_t>(i * n + i)] += 1;
    cholesky_lower(l.data(), n);
    invert_lower(l.data(), n);
    return l;
  };
  const std::vector<float> one = factor(1);
  EXPECT_EQ(factor(4), one);
  set_num_threads(0);
}

}  // namespace
}  // namespace zeropoint
