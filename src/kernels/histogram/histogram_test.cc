#include "kernels/histogram/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_floats;
using testing::for_each_target;

TEST(HistogramKernel, EveryTargetMatchesTheReference) {
  for_each_target([] {
    for (const std::int64_t n : {0, 1, 1023, 16384, 20000, 100003}) {
      for (const HistogramBins bins : {HistogramBins{8.0F, 1024, 2048}, {0.25F, 0, 3}, {1e30F, 100, 128}}) {
        const auto x = awkward_floats(n + 1, 0.5F, static_cast<std::uint32_t>(n), true);
        std::vector<std::uint64_t> got(static_cast<std::size_t>(bins.bins), 5);
        std::vector<std::uint64_t> want = got;
        histogram_f32(x.data() + 1, n, bins, got.data());
        reference::histogram_f32(x.data() + 1, n, bins, want.data());
        ASSERT_EQ(got, want) << n;
        ASSERT_EQ(std::accumulate(got.begin(), got.end(), std::uint64_t{0}),
                  static_cast<std::uint64_t>(n) + 5 * got.size());
      }
    }
  });
}

TEST(HistogramKernel, BordersBelongToTheBinAbove) {
  const float x[] = {-1.0F, -0.0F, 0.0F, 0.5F, 1.0F, -5.0F, 5.0F};
  std::vector<std::uint64_t> counts(4);
  histogram_f32(x, 7, {.inverse_width = 1.0F, .offset = 2, .bins = 4}, counts.data());
  EXPECT_THAT(counts, ::testing::ElementsAre(1, 1, 3, 2));
}

TEST(HistogramKernel, TheSmallestNegativeNumberIsBelowZeroInTheWidestBins) {
  const std::vector<float> x(20000, -std::numeric_limits<float>::denorm_min());
  std::vector<std::uint64_t> counts(2);
  histogram_f32(x.data(), 20000, {.inverse_width = 0x1p-60F, .offset = 1, .bins = 2}, counts.data());
  EXPECT_THAT(counts, ::testing::ElementsAre(20000, 0));
}

}  // namespace
}  // namespace zeropoint
