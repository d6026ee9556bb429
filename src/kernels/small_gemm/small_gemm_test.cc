#include "kernels/small_gemm/small_gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

std::vector<float> random_values(std::size_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> values(-1, 1);
  std::vector<float> result(count);
  for (float& value : result) value = values(random);
  return result;
}

TEST(SmallGemm, MultipliesTwoByTwo) {
  const float a[] = {1, 2, 3, 4};
  const float b[] = {5, 6, 7, 8};
  float c[4] = {};
  small_gemm({.m = 2, .n = 2, .k = 2, .a = a, .lda = 2, .b = b, .ldb = 2, .c = c, .ldc = 2});
  EXPECT_EQ(std::vector<float>(c, c + 4), (std::vector<float>{19, 22, 43, 50}));
}

TEST(SmallGemm, IsLikeTheReferenceForAllTails) {
  testing::for_each_target([] {
    std::mt19937 random(3);
    for (const std::int64_t m : {1, 3, 4, 5, 9}) {
      for (const std::int64_t n : {1, 7, 8, 15, 16, 33, 64, 130}) {
        for (const std::int64_t k : {0, 1, 5, 40}) {
          const std::int64_t ldb = n + 3;
          const auto a = random_values(static_cast<std::size_t>(m * k), random);
          const auto b = random_values(static_cast<std::size_t>(k * ldb), random);
          for (const bool accumulate : {false, true}) {
            auto expected = random_values(static_cast<std::size_t>(m * n), random);
            auto actual = expected;
            SmallGemm gemm{.m = m,
                           .n = n,
                           .k = k,
                           .a = a.data(),
                           .lda = k,
                           .b = b.data(),
                           .ldb = ldb,
                           .ldc = n,
                           .accumulate = accumulate};
            gemm.c = expected.data();
            reference::small_gemm(gemm);
            gemm.c = actual.data();
            small_gemm(gemm);
            for (std::size_t i = 0; i < actual.size(); ++i) {
              // k additions of values up to 1, each rounded: k * 2^-24 and a little
              ASSERT_NEAR(actual[i], expected[i], 1e-5) << m << " x " << n << " x " << k << " at " << i;
            }
          }
        }
      }
    }
  });
}

TEST(SmallGemm, CutsDoNotChangeABit) {
  std::mt19937 random(5);
  const std::int64_t m = 6, n = 77, k = 50;
  const auto a = random_values(static_cast<std::size_t>(m * k), random);
  const auto b = random_values(static_cast<std::size_t>(k * n), random);
  std::vector<float> whole(static_cast<std::size_t>(m * n));
  std::vector<float> cut = whole;
  SmallGemm gemm{.m = m, .n = n, .k = k, .a = a.data(), .lda = k, .b = b.data(), .ldb = n, .c = whole.data(), .ldc = n};
  small_gemm(gemm);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; j += 13) {
      SmallGemm piece = gemm;
      piece.m = 1;
      piece.n = std::min<std::int64_t>(13, n - j);
      piece.a += i * k;
      piece.b += j;
      piece.c = cut.data() + i * n + j;
      small_gemm(piece);
    }
  }
  EXPECT_EQ(whole, cut);
}

}  // namespace
}  // namespace zeropoint
