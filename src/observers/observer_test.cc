#include "observers/observer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "observers/aciq.h"
#include "observers/half_axis.h"
#include "observers/test_data.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using testing::gauss;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::laplace;
using testing::observed;

constexpr Scheme kUint8{.dtype = DType::u8};
constexpr Scheme kInt8Symmetric{.dtype = DType::i8, .symmetric = true, .narrow_range = true};

RangeChoice choose(std::string_view observer, const std::vector<float>& values, const Scheme& scheme = kUint8,
                   const ObserverOptions& options = {}) {
  return choose_range(find_observer(observer), observed(values), scheme, options);
}

std::vector<float> with_outlier(std::vector<float> values, float outlier) {
  values.push_back(outlier);
  return values;
}

TEST(Observers, AnUnknownNameListsTheKnownOnes) {
  try {
    find_observer("minmaxx");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_option);
    EXPECT_THAT(e.what(), HasSubstr("unknown observer 'minmaxx'; did you mean 'minmax'? (minmax, moving_average"));
  }
}

TEST(Observers, EveryOneGivesARangeAroundZeroWithAReason) {
  const std::vector<std::vector<float>> data = {gauss(5000, 1),
                                                laplace(5000, 2),
                                                testing::relu(gauss(5000, 3)),
                                                {0},
                                                {0, 0, 0},
                                                {5},
                                                {-5},
                                                {-3, -3, -3},
                                                {250, 1000},
                                                {1e-40F, 2e-40F},
                                                {-3e38F, 3e38F}};
  for (const ObserverSpec& observer : all_observers()) {
    for (const auto& values : data) {
      for (const Scheme& scheme : {kUint8, kInt8Symmetric, Scheme{.dtype = DType::u4}}) {
        const RangeChoice choice = choose_range(observer, observed(values), scheme);
        const std::string what = std::string(observer.name) + " on " + std::to_string(values.front());
        EXPECT_LE(choice.range.min, 0) << what;
        EXPECT_GE(choice.range.max, 0) << what;
        EXPECT_TRUE(std::isfinite(choice.range.min) && std::isfinite(choice.range.max)) << what;
        EXPECT_TRUE(!scheme.symmetric || choice.range.min == -choice.range.max) << what;
        EXPECT_THAT(choice.reason, Not(IsEmpty())) << what;
        EXPECT_GE(choice.candidates, 1) << what;
      }
    }
    EXPECT_THAT(std::string(observer.summary), Not(IsEmpty())) << observer.name;
    EXPECT_THAT(std::string(observer.source), Not(IsEmpty())) << observer.name;
  }
}

TEST(Observers, RefuseStatisticsThatSayTooLittle) {
  EXPECT_THROW(choose_range(find_observer("minmax"), {}, kUint8), Error);
  try {
    choose_range(find_observer("mse"), observed({1, 2}, 0), kUint8);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("hold no histogram"));
  }
}

TEST(Observers, WithoutAHistogramTheRoundingErrorIsThatOfEvenlySpreadValues) {
  const RangeChoice choice = choose_range(find_observer("minmax"), observed({0, 255}, 0), kUint8);
  EXPECT_DOUBLE_EQ(choice.rounding_error, 1.0 / 12);
  EXPECT_EQ(choice.clipping_error, 0);
}

TEST(Minmax, IsTheExtremesWidenedToZero) {
  EXPECT_EQ(choose("minmax", {-1, 3, 2}).range, (Range{-1, 3}));
  EXPECT_EQ(choose("minmax", {250, 1000}).range, (Range{0, 1000}));
  EXPECT_EQ(choose("minmax", {-1, 3, 2}, kInt8Symmetric).range, (Range{-3, 3}));
}

TEST(MovingAverage, FollowsTheSamplesInOrder) {
  TensorStatistics seen({.moving_average_constant = 0.5});
  seen.observe(Tensor::of<float>({2}, {-1, 4}));
  seen.observe(Tensor::of<float>({2}, {-3, 8}));
  const ObserverSpec& observer = find_observer("moving_average");
  EXPECT_EQ(choose_range(observer, seen.slices().front(), kUint8).range, (Range{-2, 6}));

  TensorStatistics merged = seen;
  merged.merge(seen);
  try {
    choose_range(observer, merged.slices().front(), kUint8);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("order of the samples"));
  }
}

TEST(Avg, IsTheMeanOfTheSamplesExtremes) {
  TensorStatistics seen;
  seen.observe(Tensor::of<float>({2}, {-1, 4}));
  seen.observe(Tensor::of<float>({2}, {-3, 8}));
  EXPECT_EQ(choose_range(find_observer("avg"), seen.slices().front(), kUint8).range, (Range{-2, 6}));
}

TEST(NStd, StaysWithinTheExtremes) {
  EXPECT_NEAR(choose("n_std", gauss(100000, 4)).range.max, 3, 0.02);
  const RangeChoice all = choose("n_std", {-1, 1});
  EXPECT_EQ(all.range, (Range{-1, 1}));
  EXPECT_THAT(all.warning, HasSubstr("same as minmax"));
}

TEST(Percentile, IsInterpolatedInsideTheBin) {
  std::vector<float> values;
  for (int i = -1000; i <= 1000; ++i) values.push_back(static_cast<float>(i));
  const Range range = choose_range(find_observer("percentile"), observed(values, 64), kUint8, {.percentile = 99}).range;
  EXPECT_NEAR(range.min, -980, 1.5);  // bins are 64 wide
  EXPECT_NEAR(range.max, 980, 1.5);
}

TEST(Percentile, CountsZerosAndBothSides) {
  EXPECT_EQ(choose("percentile", {0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, kUint8, {.percentile = 80}).range, (Range{0, 0}));
  std::vector<float> values(100, 1.0F);
  values.resize(200, -2.0F);
  values.push_back(-50);
  EXPECT_NEAR(choose("percentile", values, kInt8Symmetric, {.percentile = 99}).range.max, 2, 0.02);
}

TEST(Percentile, WarnsWhereItKeepsEverything) {
  EXPECT_THAT(choose("percentile", gauss(100, 5)).warning, HasSubstr("keeps them all"));
  EXPECT_THAT(choose("percentile", gauss(100000, 5)).warning, IsEmpty());
  EXPECT_THROW(choose("percentile", {1}, kUint8, {.percentile = 40}), Error);
}

TEST(Mse, BeatsEveryOtherRange) {
  const std::vector<std::vector<float>> data = {gauss(20000, 6), testing::relu(laplace(20000, 7)),
                                                with_outlier(laplace(5000, 8), 40)};
  for (const auto& values : data) {
    const SliceStatistics seen = observed(values);
    for (const Scheme& scheme : {kUint8, Scheme{.dtype = DType::i4}, kInt8Symmetric, Scheme{.dtype = DType::u2}}) {
      const RangeChoice best = choose_range(find_observer("mse"), seen, scheme);
      testing::Uniform uniform(9);
      for (int i = 0; i < 300; ++i) {
        const Range other{seen.min * uniform(), seen.max * uniform()};
        const GridError error = measure_grid(seen, scheme, choose_qparams(other, scheme));
        EXPECT_LE(best.clipping_error + best.rounding_error, 1.0005 * (error.clipping + error.rounding))
            << other.min << " " << other.max;
      }
    }
  }
}

TEST(Mse, TheErrorItStatesIsThatOfTheValues) {
  const std::vector<float> values = laplace(50000, 10);
  const Scheme int4{.dtype = DType::i4};
  const RangeChoice best = choose("mse", values, int4);
  const QParams grid = choose_qparams(best.range, int4);
  EXPECT_NEAR(best.clipping_error + best.rounding_error,
              testing::real_error(values, grid.scale, grid.zero_point, -8, 7), 1e-4);
  EXPECT_LT(best.range.max, 7);  // clips: the largest value is about 11
}

TEST(Mse, KeepsScalesThatMustBePowersOfTwo) {
  const Scheme scheme{.dtype = DType::i8, .symmetric = true, .power_of_two = true};
  const RangeChoice best = choose("mse", gauss(10000, 11), scheme);
  EXPECT_EQ(choose_qparams(best.range, scheme).scale, 0x1p-5F);
}

TEST(Mse, FindsAScaleForFloatCodes) {
  const Scheme fp4{.dtype = DType::f4e2m1, .symmetric = true};
  const std::vector<float> values = with_outlier(gauss(20000, 12), 30);
  const RangeChoice best = choose("mse", values, fp4);
  const RangeChoice minmax = choose("minmax", values, fp4);
  EXPECT_LT(best.clipping_error + best.rounding_error, 0.2 * (minmax.clipping_error + minmax.rounding_error));
}

TEST(Mse, ConstantDataIsExact) {
  const RangeChoice best = choose("mse", {3, 3, 3});
  EXPECT_NEAR(best.range.max, 3, 1e-5);
  EXPECT_LT(best.rounding_error + best.clipping_error, 1e-10);
}

/// The definition, bin by bin.
double naive_divergence(const std::vector<double>& counts, int begin, int end, int groups) {
  std::vector<double> p(counts.begin() + begin, counts.begin() + end);
  std::vector<double> q(p.size(), 0.0);
  const std::vector<double> inside = p;
  for (int i = 0; i < begin; ++i) p.front() += counts[i];
  for (std::size_t i = end; i < counts.size(); ++i) p.back() += counts[i];
  const int n = end - begin;
  for (int g = 0; g < groups; ++g) {
    double sum = 0;
    int filled = 0;
    for (int i = n * g / groups; i < n * (g + 1) / groups; ++i) {
      sum += inside[i];
      filled += p[i] > 0 ? 1 : 0;
    }
    for (int i = n * g / groups; i < n * (g + 1) / groups; ++i) q[i] = p[i] > 0 ? sum / filled : 0;
  }
  double p_total = 0;
  double q_total = 0;
  for (int i = 0; i < n; ++i) {
    p_total += p[i];
    q_total += q[i];
  }
  double divergence = 0;
  for (int i = 0; i < n; ++i) {
    if (p[i] > 0 && q[i] == 0) return std::numeric_limits<double>::infinity();
    if (p[i] > 0) divergence += p[i] / p_total * std::log((p[i] / p_total) / (q[i] / q_total));
  }
  return divergence;
}

TEST(Entropy, ChoosesTheWindowThatTheDefinitionChooses) {
  const std::vector<float> values = with_outlier(laplace(20000, 13), 25);
  const SliceStatistics seen = observed(values, 512);
  const Scheme int4{.dtype = DType::i4};
  const std::vector<double> counts(seen.histogram.counts.begin(), seen.histogram.counts.end());
  const auto first = static_cast<int>(seen.histogram.first);
  const auto size = static_cast<int>(counts.size());
  double best = std::numeric_limits<double>::infinity();
  double threshold = 0;
  for (int t = std::max(first + size, -first); std::min(t - first, size) - std::max(-t - first, 0) >= 16; --t) {
    const double kl = naive_divergence(counts, std::max(-t - first, 0), std::min(t - first, size), 16);
    if (kl < best * (1 - 1e-12)) {
      best = kl;
      threshold = t * seen.histogram.bin_width();
    }
  }
  const RangeChoice choice = choose_range(find_observer("entropy"), seen, int4);
  EXPECT_EQ(choice.range.max, threshold);
  EXPECT_GT(choice.candidates, 150);
  EXPECT_LT(choice.range.max, 15);  // the outlier is clipped
}

TEST(Entropy, HasRealCandidatesForEightBits) {
  EXPECT_GT(choose("entropy", gauss(100000, 14)).candidates, 800);
  EXPECT_GT(choose("entropy", gauss(100000, 14), kInt8Symmetric).candidates, 800);
}

TEST(Entropy, WarnsWhereOneCandidateIsLeft) {
  const RangeChoice choice = choose_range(find_observer("entropy"), observed(gauss(1000, 15), 128), kUint8);
  EXPECT_EQ(choice.candidates, 1);
  EXPECT_THAT(choice.warning, HasSubstr("cannot change the range"));
}

TEST(Aciq, MultiplesAreThePublishedOnes) {
  // Banner et al. 2019 and its implementations, cut after two digits; the ninth is for one-sided values of 8 bits.
  const double gauss_table[] = {1.24, 1.71, 2.15, 2.55, 2.93, 3.28, 3.61, 3.92, 4.20};
  const double laplace_table[] = {1.86, 2.83, 3.89, 5.03, 6.20, 7.41, 8.64, 9.89, 11.16};
  for (int bits = 1; bits <= 9; ++bits) {
    EXPECT_NEAR(aciq_gauss_multiple(bits), gauss_table[bits - 1], 0.02) << bits;
    EXPECT_NEAR(aciq_laplace_multiple(bits), laplace_table[bits - 1], 0.02) << bits;
  }
}

TEST(Aciq, FindsTheSpreadOfTheDistribution) {
  const Scheme int4{.dtype = DType::i4};
  EXPECT_NEAR(choose("aciq_gauss", gauss(200000, 16), int4).range.max, 2.55, 0.02);
  EXPECT_NEAR(choose("aciq_laplace", laplace(200000, 17), int4).range.max, 5.03, 0.05);
}

TEST(Aciq, OneSidedValuesStartAtZeroWithOneBitMore) {
  const std::vector<float> values = testing::relu(laplace(100000, 18));
  const RangeChoice choice = choose("aciq_laplace", values, {.dtype = DType::u4});
  EXPECT_EQ(choice.range.min, 0);
  EXPECT_THAT(choice.reason, HasSubstr("4 + 1 bits"));
}

}  // namespace
}  // namespace zeropoint
