#include "observers/half_axis.h"

#include <gtest/gtest.h>

#include "observers/test_data.h"

namespace zeropoint {
namespace {

using testing::observed;

constexpr auto kPositive = HalfAxis::Side::positive;
constexpr auto kNegative = HalfAxis::Side::negative;

/// The same integral by brute force: every bin as 1000 values at even distances.
double brute_force(const SliceStatistics& seen, bool positive, double scale, int last_level) {
  constexpr int kPoints = 1000;
  double error = 0;
  for (std::size_t i = 0; i < seen.histogram.counts.size(); ++i) {
    const double left = std::max(seen.histogram.left_edge(i), seen.min);
    const double right = std::min(seen.histogram.left_edge(i + 1), seen.max);
    const bool is_zero_bin = seen.histogram.first + static_cast<std::int64_t>(i) == 0;
    const double count = static_cast<double>(seen.histogram.counts[i] - (is_zero_bin ? seen.zeros : 0));
    for (int k = 0; k < kPoints; ++k) {
      const double x = left + (right - left) * (k + 0.5) / kPoints;
      if ((x > 0) != positive) continue;
      const double level = scale * std::min<double>(std::nearbyint(std::fabs(x) / scale), last_level);
      error += count / kPoints * (std::fabs(x) - level) * (std::fabs(x) - level);
    }
  }
  return error;
}

TEST(HalfAxis, ErrorsEqualTheIntegralOverEveryBin) {
  const SliceStatistics seen = observed({-2.5F, -0.3F, -0.25F, 0, 0, 0.1F, 0.4F, 0.4F, 1.7F, 3.1F}, 16);
  const std::vector<double> levels = {0, 1, 2, 3, 4, 5, 6, 7};
  std::vector<double> errors(levels.size());
  for (const double scale : {0.05, 0.21, 0.5, 1.3, 7.0}) {
    for (const bool positive : {true, false}) {
      HalfAxis(seen, positive ? kPositive : kNegative).sum_errors(levels, scale, errors);
      for (int j = 0; j < 8; ++j) {
        const double expected = brute_force(seen, positive, scale, j);
        EXPECT_NEAR(errors[j], expected, 1e-4 * expected + 1e-6) << scale << " " << positive << " " << j;
      }
    }
  }
}

TEST(HalfAxis, LeavesExactZerosOut) {
  EXPECT_EQ(HalfAxis(observed({0, 0, 0, 1}), kPositive).count(), 1);
  EXPECT_EQ(HalfAxis(observed({0, 0, -1, -1}), kNegative).count(), 2);
  EXPECT_EQ(HalfAxis(observed({0, 0}), kNegative).count(), 0);
}

TEST(HalfAxis, ReachesTheLargestValueAndNoFurther) {
  EXPECT_EQ(HalfAxis(observed({0.3F, 1.1F}), kPositive).largest(), 1.1F);
  EXPECT_EQ(HalfAxis(observed({-4, 2}), kPositive).largest(), 2);  // a border of a bin
  EXPECT_EQ(HalfAxis(observed({-4, 2}), kNegative).largest(), 4);
  EXPECT_EQ(HalfAxis(observed({5}), kPositive).largest(), 5);
}

TEST(HalfAxis, QuantileIsInsideTheBin) {
  std::vector<float> values;
  for (int i = 1; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  const HalfAxis half(observed(values, 16), kPositive);  // bins of 64
  EXPECT_NEAR(half.quantile(500), 500, 1);
  EXPECT_NEAR(half.quantile(990), 990, 1);
  EXPECT_NEAR(half.count_up_to(700), 700, 1);
  EXPECT_EQ(half.quantile(1000), 1000);
}

TEST(HalfAxis, ClippingErrorIsTheSquaredDistanceBeyondTheLimit) {
  const HalfAxis half(observed({1, 2, 10, 20}), kPositive);
  EXPECT_NEAR(half.sum_clipping_error(5), 25 + 225, 0.5);
  EXPECT_NEAR(half.sum_excess(5), 5 + 15, 0.02);
  EXPECT_EQ(half.sum_clipping_error(20), 0);
}

TEST(MeasureGrid, AgreesWithTheErrorOfTheValues) {
  const std::vector<float> values = testing::gauss(50000, 1);
  const SliceStatistics seen = observed(values);
  const Scheme scheme{.dtype = DType::u8};
  const QParams grid{0.02F, 120};
  const GridError error = measure_grid(seen, scheme, grid);
  EXPECT_NEAR(error.clipping + error.rounding, testing::real_error(values, 0.02F, 120, 0, 255), 2e-7);
  EXPECT_GT(error.clipping, error.rounding);
}

TEST(MeasureGrid, SixteenBitErrorsAreNotLostInCancellation) {
  const std::vector<float> values = testing::gauss(50000, 2);
  const QParams grid{1e-4F, 0};
  const GridError error = measure_grid(observed(values), {.dtype = DType::i16}, grid);
  EXPECT_NEAR(error.rounding, 1e-8 / 12, 1e-11);  // S^2 / 12
}

TEST(LevelsOf, AreTheCodesOfTheScheme) {
  EXPECT_EQ(levels_of({.dtype = DType::i4}).size(), 16U);
  EXPECT_EQ(levels_of({.dtype = DType::f4e2m1}), (std::vector<double>{0, 0.5, 1, 1.5, 2, 3, 4, 6}));
  EXPECT_EQ(levels_of({.dtype = DType::f8e4m3fn}).back(), 448);
}

}  // namespace
}  // namespace zeropoint
