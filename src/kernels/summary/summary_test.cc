#include "kernels/summary/summary.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_floats;
using testing::awkward_sizes;
using testing::for_each_target;

void expect_same_bits(const Summary& got, const Summary& want) {
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.min), std::bit_cast<std::uint32_t>(want.min));
  EXPECT_EQ(std::bit_cast<std::uint32_t>(got.max), std::bit_cast<std::uint32_t>(want.max));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(got.sum), std::bit_cast<std::uint64_t>(want.sum));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(got.sum_of_squares), std::bit_cast<std::uint64_t>(want.sum_of_squares));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(got.sum_of_abs), std::bit_cast<std::uint64_t>(want.sum_of_abs));
  EXPECT_EQ(got.zeros, want.zeros);
  EXPECT_EQ(got.is_finite, want.is_finite);
}

TEST(SummaryKernel, EveryTargetMatchesTheReferenceBitForBit) {
  for_each_target([] {
    for (const std::int64_t n : awkward_sizes()) {
      const auto x = awkward_floats(n + 1, 0.37F, static_cast<std::uint32_t>(n), false);
      SCOPED_TRACE(n);
      expect_same_bits(summarize_f32(x.data() + 1, n), reference::summarize_f32(x.data() + 1, n));
    }
  });
}

TEST(SummaryKernel, SeesEveryNanAndInfinity) {
  for_each_target([] {
    for (const float bad : {std::nanf(""), INFINITY, -INFINITY}) {
      for (std::size_t at = 0; at < 70; ++at) {
        std::vector<float> x(70, 1.0F);
        x[at] = bad;
        EXPECT_FALSE(summarize_f32(x.data(), 70).is_finite) << at;
      }
    }
    const std::vector<float> extremes(70, std::numeric_limits<float>::max());
    EXPECT_TRUE(summarize_f32(extremes.data(), 70).is_finite);
  });
}

TEST(SummaryKernel, NegativeZeroIsZero) {
  const std::vector<float> x(20, -0.0F);
  const Summary s = summarize_f32(x.data(), 20);
  EXPECT_FALSE(std::signbit(s.min));
  EXPECT_FALSE(std::signbit(s.max));
  EXPECT_EQ(s.zeros, 20);
}

TEST(SummaryKernel, SumsAreThoseOfTheData) {
  const float x[] = {1, -2, 0, 4};
  const Summary s = summarize_f32(x, 4);
  EXPECT_EQ(s.sum, 3);
  EXPECT_EQ(s.sum_of_squares, 21);
  EXPECT_EQ(s.sum_of_abs, 7);
  EXPECT_EQ(s.zeros, 1);
  EXPECT_EQ(s.min, -2);
  EXPECT_EQ(s.max, 4);
}

}  // namespace
}  // namespace zeropoint
