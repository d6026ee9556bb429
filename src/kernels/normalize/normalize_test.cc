#include "kernels/normalize/normalize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

void expect_same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(std::bit_cast<std::uint32_t>(a[i]), std::bit_cast<std::uint32_t>(b[i]))
        << i << ": " << a[i] << ", " << b[i];
  }
}

std::vector<float> normal_floats(std::int64_t n) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal(0.5F, 2);
  std::vector<float> x(static_cast<std::size_t>(n));
  for (float& value : x) value = normal(random);
  return x;
}

TEST(NormalizeRows, EveryTargetEqualsTheReferenceBitForBit) {
  for (const std::int64_t cols : {1, 5, 16, 31, 64, 100, 1500}) {
    const std::vector<float> x = normal_floats(3 * cols);
    const std::vector<float> scale = normal_floats(cols);
    testing::for_each_target([&] {
      for (const bool center : {true, false}) {
        for (const bool affine : {true, false}) {
          const NormalizeOptions options{
              .center = center, .scale = affine ? scale.data() : nullptr, .bias = affine ? x.data() : nullptr};
          std::vector<float> actual(x.size()), expected(x.size());
          Moments moments[3];
          normalize_rows_f32(x.data(), actual.data(), 3, cols, options, moments);
          reference::normalize_rows_f32(x.data(), expected.data(), 3, cols, options);
          expect_same_bits(actual, expected);
          EXPECT_EQ(moments[2].mean == 0, !center);
        }
      }
      std::vector<float> actual = x;
      std::vector<float> expected(x.size());
      normalize_uniform_f32(actual.data(), actual.data(), 3 * cols, 1e-5F, 1.5F, -0.25F);
      reference::normalize_uniform_f32(x.data(), expected.data(), 3 * cols, 1e-5F, 1.5F, -0.25F);
      expect_same_bits(actual, expected);
    });
  }
}

TEST(NormalizeRows, KnownValues) {
  const float x[] = {1, 2, 3, 4};
  float y[4];
  Moments moments{};
  normalize_rows_f32(x, y, 1, 4, {.epsilon = 0}, &moments);
  EXPECT_FLOAT_EQ(moments.mean, 2.5F);
  EXPECT_FLOAT_EQ(moments.inv_std, 0.8944272F);
  EXPECT_FLOAT_EQ(y[0], -1.3416408F);
  normalize_rows_f32(x, y, 1, 4, {.epsilon = 0, .center = false});
  EXPECT_FLOAT_EQ(y[3], 1.4605935F);  // 4 / sqrt(7.5)
}

}  // namespace
}  // namespace zeropoint
