#include "kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "base/parallel.h"

namespace zeropoint {
namespace {

std::vector<float> random_floats(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = value(random);
  return values;
}

std::vector<float> packed(const std::vector<float>& b, std::int64_t k, std::int64_t n) {
  std::vector<float> result(static_cast<std::size_t>(packed_rhs_size(k, n)));
  pack_rhs(b.data(), n, 1, k, n, result.data());
  return result;
}

TEST(Gemm, MultipliesTwoByTwo) {
  const std::vector<float> a = {1, 2, 3, 4};
  const std::vector<float> b = packed({5, 6, 7, 8}, 2, 2);
  std::vector<float> c(4);
  const Gemm gemm{
      .m = 2, .n = 2, .k = 2, .a = a.data(), .a_row_step = 2, .b = b.data(), .c = c.data(), .c_row_step = 2};
  run_gemms({&gemm, 1});
  EXPECT_EQ(c, (std::vector<float>{19, 22, 43, 50}));
}

TEST(Gemm, AgreesWithTheReferenceForAllTails) {
  for (const std::int64_t m : {1, 2, 3, 5, 11, 12, 13, 23, 49, 100}) {
    for (const std::int64_t n : {1, 3, 15, 16, 17, 31, 32, 33, 65, 200}) {
      for (const std::int64_t k : {0, 1, 7, 64}) {
        const std::vector<float> a = random_floats(m * (k + 3), 1);
        const std::vector<float> b = random_floats(k * n, 2);
        const std::vector<float> bias = random_floats(n, 3);
        const std::vector<float> panels = packed(b, k, n);
        std::vector<float> c = random_floats(m * (n + 2), 4);
        std::vector<float> expected = c;
        Gemm gemm{.m = m, .n = n, .k = k, .a = a.data(), .a_row_step = k + 3, .b = panels.data()};
        gemm.c_row_step = n + 2;
        gemm.alpha = 0.5F;
        gemm.bias = bias.data();
        gemm.adds_c = true;
        gemm.lowest = -2;
        gemm.highest = 2.5F;
        gemm.c = expected.data();
        reference::gemm(gemm, b.data(), n);
        gemm.c = c.data();
        run_gemms({&gemm, 1});
        for (std::size_t i = 0; i < c.size(); ++i) ASSERT_NEAR(c[i], expected[i], 1e-5) << m << " " << n << " " << k;
      }
    }
  }
}

TEST(Gemm, PacksTransposed) {
  const std::vector<float> b = random_floats(7 * 5, 1);
  std::vector<float> transposed(35);
  for (std::size_t p = 0; p < 7; ++p) {
    for (std::size_t j = 0; j < 5; ++j) transposed[j * 7 + p] = b[p * 5 + j];
  }
  std::vector<float> panels(static_cast<std::size_t>(packed_rhs_size(7, 5)));
  pack_rhs(transposed.data(), 1, 7, 7, 5, panels.data());
  EXPECT_EQ(panels, packed(b, 7, 5));
}

TEST(Gemm, HasTheSameBytesForAnyNumberOfThreads) {
  const std::int64_t m = 130, n = 190, k = 300;
  const std::vector<float> a = random_floats(m * k, 1);
  const std::vector<float> b = packed(random_floats(k * n, 2), k, n);
  std::vector<float> one(static_cast<std::size_t>(m * n)), three = one;
  Gemm gemm{.m = m, .n = n, .k = k, .a = a.data(), .a_row_step = k, .b = b.data(), .c = one.data(), .c_row_step = n};
  const int before = num_threads();
  set_num_threads(1);
  run_gemms({&gemm, 1});
  set_num_threads(3);
  gemm.c = three.data();
  run_gemms({&gemm, 1});
  set_num_threads(before);
  EXPECT_EQ(std::memcmp(one.data(), three.data(), one.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace zeropoint
