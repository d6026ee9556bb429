#include "kernels/minmax/minmax.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_floats;
using testing::awkward_sizes;
using testing::for_each_target;

void expect_same_bits(const MinMax& got, const MinMax& want) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.min), std::bit_cast<std::uint32_t>(want.min));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.max), std::bit_cast<std::uint32_t>(want.max));
  EXPECT_EQ(got.is_finite, want.is_finite);
}

TEST(MinMaxKernel, EveryTargetMatchesTheReference) {
  for_each_target([] {
    std::uint32_t seed = 1;
    std::vector<std::int64_t> sizes = awkward_sizes();
    sizes.push_back(20011);
    for (const std::int64_t n : sizes) {
      for (const std::int64_t offset : {0, 1, 5}) {
        ++seed;
        const auto x = awkward_floats(n + offset, 1.0F, seed, seed % 2 == 0);
        expect_same_bits(minmax_f32(x.data() + offset, n), reference::minmax_f32(x.data() + offset, n));
      }
    }
  });
}

TEST(MinMaxKernel, ZerosHaveOneSign) {
  for_each_target([] {
    std::vector<float> x(100, -0.0F);
    for (std::size_t i = 0; i < x.size(); i += 3) x[i] = 0.0F;
    const MinMax range = minmax_f32(x.data(), 100);
    EXPECT_FALSE(std::signbit(range.min));
    EXPECT_FALSE(std::signbit(range.max));
  });
}

TEST(MinMaxKernel, ColumnsMatchOneColumnAtATime) {
  for_each_target([] {
    for (const std::int64_t columns : {1, 3, 16, 37, 64}) {
      const std::int64_t rows = 9;
      const auto x = awkward_floats(rows * columns, 1.0F, static_cast<std::uint32_t>(columns), columns == 37);
      std::vector<MinMax> got(static_cast<std::size_t>(columns));
      minmax_columns_f32(x.data(), rows, columns, got.data());
      for (std::int64_t c = 0; c < columns; ++c) {
        MinMax want;
        for (std::int64_t r = 0; r < rows; ++r) {
          want = merge(want, reference::minmax_f32(x.data() + r * columns + c, 1));
        }
        expect_same_bits(got[static_cast<std::size_t>(c)], want);
      }
    }
  });
}

TEST(MinMaxKernel, NothingFiniteIsAnEmptyRange) {
  const float nothing[] = {NAN, INFINITY, -INFINITY};
  const MinMax range = minmax_f32(nothing, 3);
  EXPECT_GT(range.min, range.max);
  EXPECT_FALSE(range.is_finite);
  EXPECT_EQ(absmax(range), 0.0F);
  EXPECT_EQ(count_nonfinite(nothing, 3).nans, 1);
  EXPECT_EQ(count_nonfinite(nothing, 3).infinities, 2);
  EXPECT_EQ(absmax({.min = -3, .max = 2}), 3.0F);
}

}  // namespace
}  // namespace zeropoint
