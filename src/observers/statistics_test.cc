#include "observers/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace zeropoint {
namespace {

TEST(Statistics, RememberWhatWasSeen) {
  TensorStatistics seen({.histogram_bins = 8});
  seen.observe(Tensor::of<float>({4}, {-1, 0, 0.5, 3}));
  const SliceStatistics& s = seen.slices().front();
  EXPECT_EQ(s.count, 4U);
  EXPECT_EQ(s.zeros, 1U);
  EXPECT_EQ(s.min, -1);
  EXPECT_EQ(s.max, 3);
  EXPECT_EQ(s.sum.value(), 2.5);
  EXPECT_EQ(s.sum_of_squares.value(), 10.25);
  EXPECT_EQ(s.sum_of_abs.value(), 4.5);
  EXPECT_EQ(s.histogram.bin_width(), 1);
  EXPECT_THAT(s.histogram.counts, testing::ElementsAre(1, 2, 0, 0, 1));
}

TEST(Statistics, SurviveTheirFile) {
  Statistics before;
  before.samples = 1;
  before.tensors.try_emplace("x").first->second.observe(Tensor::of<float>({3}, {0.1F, -7e-30F, 3e30F}));
  const Statistics after = Statistics::from_json(before.to_json(), "s.json");
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace zeropoint
