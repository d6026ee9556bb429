#include "observers/statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "base/parallel.h"
#include "observers/test_data.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::vector_of;

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST(Statistics, RememberWhatWasSeen) {
  TensorStatistics seen({.histogram_bins = 8});
  seen.observe(Tensor::of<float>({4}, {-1, 0, 0.5, 3}));
  seen.observe(Tensor::of<float>({2, 1}, {-2, 1}));
  const SliceStatistics& s = seen.slices().front();
  EXPECT_EQ(s.samples, 2U);
  EXPECT_EQ(s.count, 6U);
  EXPECT_EQ(s.zeros, 1U);
  EXPECT_EQ(s.min, -2);
  EXPECT_EQ(s.max, 3);
  EXPECT_EQ(s.sum.value(), 1.5);
  EXPECT_EQ(s.sum_of_squares.value(), 15.25);
  EXPECT_EQ(s.sum_of_abs.value(), 7.5);
  EXPECT_EQ(s.sum_of_sample_min.value(), -3);
  EXPECT_EQ(s.sum_of_sample_max.value(), 4);
  EXPECT_DOUBLE_EQ(s.moving_min, -1 + 0.01 * (-2 - -1));
  EXPECT_EQ(s.histogram.bin_width(), 1);
  EXPECT_EQ(s.histogram.left_edge(0), -2);
  EXPECT_THAT(s.histogram.counts, ElementsAre(1, 1, 2, 1, 0, 1));
}

TEST(Statistics, HistogramKeepsAtLeastHalfOfItsBinsInUse) {
  for (const float max : {1e-30F, 0.3F, 1.0F, 1.1F, 500.0F, 3e38F}) {
    for (const float min : {0.0F, -max, -max / 3, max / 2}) {
      TensorStatistics seen({.histogram_bins = 1024});
      seen.observe(Tensor::of<float>({2}, {min, max}));
      const std::size_t bins = seen.slices().front().histogram.counts.size();
      EXPECT_GE(bins, 512U) << min << " " << max;
      EXPECT_LE(bins, 1024U) << min << " " << max;
    }
  }
}

TEST(Statistics, PerAxisKeepsOneRecordPerSlice) {
  for (const int axis : {0, 1, 2}) {
    TensorStatistics seen({.axis = axis, .histogram_bins = 16});
    const Tensor x = Tensor::of<float>({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
    seen.observe(x);
    ASSERT_EQ(seen.slices().size(), static_cast<std::size_t>(x.dim(axis)));
    double sum = 0;
    for (const SliceStatistics& s : seen.slices()) sum += s.sum.value();
    EXPECT_EQ(sum, 66);
  }
  TensorStatistics rows({.axis = 1});
  rows.observe(Tensor::of<float>({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  EXPECT_EQ(rows.slices()[1].min, 2);
  EXPECT_EQ(rows.slices()[1].max, 9);
  EXPECT_EQ(rows.slices()[1].sum.value(), 2 + 3 + 8 + 9);
}

TEST(Statistics, EmptyTensorsAreNoSample) {
  TensorStatistics seen;
  seen.observe(Tensor::allocate(DType::f32, {0, 3}));
  EXPECT_TRUE(seen.slices().empty());
}

TEST(Statistics, NanIsAnErrorThatNamesTheTensorAndChangesNothing) {
  for (const int axis : {-1, 0}) {
    TensorStatistics seen({.axis = axis});
    seen.observe(Tensor::of<float>({2}, {1, 2}));
    const TensorStatistics before = seen;
    const auto observe = [&] { seen.observe(Tensor::of<float>({2}, {1, std::nanf("")}), "conv1"); };
    EXPECT_EQ(error_of(observe),
              "conv1: 1 NaN and 0 infinite values of 2 (the first at element 1); a range cannot be chosen from them");
    EXPECT_EQ(seen, before);
  }
}

TEST(Statistics, RefuseWhatTheyCannotObserve) {
  TensorStatistics seen({.axis = 1});
  EXPECT_THAT(error_of([&] { seen.observe(Tensor::of<std::int64_t>({1}, {1}), "ids"); }), HasSubstr("not int64"));
  EXPECT_THAT(error_of([&] { seen.observe(Tensor::of<float>({1}, {1})); }), HasSubstr("no axis 1 in shape [1]"));
  seen.observe(Tensor::of<float>({1, 2}, {1, 2}));
  EXPECT_THAT(error_of([&] {
                seen.observe(Tensor::of<float>({1, 3}, {1, 2, 3}));
              }),
              HasSubstr("earlier samples had 2"));
  EXPECT_THAT(error_of([] { TensorStatistics({.histogram_bins = 100}); }), HasSubstr("power of two"));
  EXPECT_THAT(error_of([] { TensorStatistics({.moving_average_constant = 0}); }), HasSubstr("(0, 1]"));
  TensorStatistics other({.axis = 0});
  EXPECT_THAT(error_of([&] { seen.merge(other, "x"); }), HasSubstr("do not merge"));
}

TEST(Statistics, DoNotDependOnTheThreadCount) {
  const std::vector<float> values = testing::gauss(700000, 1);
  std::vector<TensorStatistics> results;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    TensorStatistics seen;
    for (int i = 0; i < 3; ++i) seen.observe(vector_of(values));
    results.push_back(seen);
  }
  set_num_threads(0);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(Statistics, LargeTensorsAreCountedLikeSmallOnes) {
  std::vector<float> values = testing::gauss(300000, 2);
  values[200000] = 100;  // grows the range late, in the middle of a chunk
  TensorStatistics seen({.histogram_bins = 64});
  seen.observe(vector_of(std::vector<float>(values.begin(), values.begin() + 1000)));
  seen.observe(vector_of(values));
  const Histogram& h = seen.slices().front().histogram;
  std::vector<std::uint64_t> expected(h.counts.size());
  const auto bin = [&](float x) { return static_cast<std::size_t>(std::floor((x - h.left_edge(0)) / h.bin_width())); };
  for (std::size_t i = 0; i < 1000; ++i) ++expected[bin(values[i])];
  for (const float x : values) ++expected[bin(x)];
  EXPECT_EQ(h.counts, expected);
}

/// Samples of random sizes and magnitudes, some of them zero or constant.
std::vector<Tensor> random_samples() {
  testing::Uniform uniform(*rc::gen::arbitrary<std::uint64_t>());
  std::vector<Tensor> samples;
  const int count = *rc::gen::inRange(1, 9);
  for (int i = 0; i < count; ++i) {
    std::vector<float> values(*rc::gen::inRange<std::size_t>(1, 50));
    const double magnitude = std::ldexp(1.0, *rc::gen::inRange(-140, 120));
    const int kind = *rc::gen::inRange(0, 4);
    for (float& v : values) {
      v = static_cast<float>(kind == 0 ? 0 : magnitude * (kind == 1 ? 1 : kind == 2 ? uniform() : uniform() - 0.5));
    }
    samples.push_back(vector_of(values));
  }
  return samples;
}

TensorStatistics observe_all(const std::vector<Tensor>& samples, int bins) {
  TensorStatistics seen({.histogram_bins = bins});
  for (const Tensor& sample : samples) seen.observe(sample);
  return seen;
}

/// Without what depends on order by definition.
SliceStatistics without_order(const TensorStatistics& seen) {
  SliceStatistics s = seen.slices().front();
  s.moving_min = s.moving_max = 0;
  s.is_merged = false;
  return s;
}

RC_GTEST_PROP(StatisticsMerge, EqualsObservingEverythingInOnePlace, ()) {
  const std::vector<Tensor> samples = random_samples();
  const int bins = 1 << *rc::gen::inRange(1, 12);
  // Any order, any cut into shards, any order of merging.
  std::vector<Tensor> shuffled = samples;
  std::mt19937 random(*rc::gen::arbitrary<std::uint32_t>());
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  std::vector<TensorStatistics> shards;
  for (const Tensor& sample : shuffled) {
    if (shards.empty() || random() % 2 == 0) shards.emplace_back(StatisticsOptions{.histogram_bins = bins});
    shards.back().observe(sample);
  }
  while (shards.size() > 1) {
    const std::size_t from = random() % shards.size();
    const TensorStatistics taken = shards[from];
    shards.erase(shards.begin() + static_cast<std::ptrdiff_t>(from));
    shards[random() % shards.size()].merge(taken);
  }
  RC_ASSERT(without_order(shards.front()) == without_order(observe_all(samples, bins)));
}

RC_GTEST_PROP(StatisticsMerge, WithNothingChangesNothing, ()) {
  const TensorStatistics seen = observe_all(random_samples(), 64);
  const TensorStatistics nothing({.histogram_bins = 64});
  TensorStatistics left = seen;
  left.merge(nothing);
  TensorStatistics right = nothing;
  right.merge(seen);
  RC_ASSERT(left == seen);
  RC_ASSERT(right == seen);
}

RC_GTEST_PROP(StatisticsFile, GivesTheSameBitsBack, ()) {
  Statistics before;
  before.samples = *rc::gen::arbitrary<std::uint64_t>();
  before.tensors.insert_or_assign("x\"\n\u00e9", observe_all(random_samples(), 64));
  TensorStatistics merged = observe_all(random_samples(), 0);
  merged.merge(observe_all(random_samples(), 0));
  before.tensors.insert_or_assign("y", merged);
  before.channel_means["y"].observe(Tensor::of<float>({1, 2, 2}, {1e8F, 1e-8F, 0.1F, -0.1F}));
  const Statistics after = Statistics::from_json(before.to_json(), "s.json");
  RC_ASSERT(after == before);
  RC_ASSERT(after.to_json() == before.to_json());
}

TEST(StatisticsFile, IsReadable) {
  Statistics statistics{.samples = 1};
  TensorStatistics seen({.histogram_bins = 4});
  seen.observe(Tensor::of<float>({3}, {-0.5, 0, 1}));
  statistics.tensors.insert_or_assign("relu1", seen);
  statistics.channel_means["relu1"].observe(Tensor::of<float>({1, 2, 2}, {1, 3, -1, 1}));
  EXPECT_EQ(statistics.to_json(),
            "{\"zeropoint_statistics\": 1, \"samples\": 1, \"tensors\": {\n"
            "\"relu1\": "
            "{\"axis\":-1,\"histogram_bins\":4,\"moving_average_constant\":0.01,\"torch_histogram\":false,\"slices\":[{"
            "\"samples\":1,"
            "\"count\":3,\"zeros\":1,\"min\":-0.5,\"max\":1.0,\"sum\":[0.5],\"sum_of_squares\":[1.25],"
            "\"sum_of_abs\":[1.5],\"sum_of_sample_min\":[-0.5],\"sum_of_sample_max\":[1.0],\"moving_min\":-0.5,"
            "\"moving_max\":1.0,\"histogram\":{\"exponent\":-1,\"first\":-1,\"counts\":[1,1,0,1]}}]}\n"
            "}, \"channel_means\": {\n"
            "\"relu1\": {\"count\":2,\"sums\":[[4.0],[]]}\n"
            "}}\n");
}

TEST(StatisticsFile, ComplainsInTheFilesName) {
  Statistics statistics{.samples = 1};
  TensorStatistics seen({.histogram_bins = 4});
  seen.observe(Tensor::of<float>({3}, {-0.5, 0, 1}));
  statistics.tensors.insert_or_assign("x", seen);
  statistics.channel_means["c"].observe(Tensor::of<float>({1, 1}, {2}));
  const std::string good = statistics.to_json();
  const auto complaint = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return error_of([&] { Statistics::from_json(text, "s.json"); });
  };
  EXPECT_THAT(complaint("\"zeropoint_statistics\": 1,", ""), HasSubstr("s.json: not a statistics file"));
  EXPECT_THAT(complaint("\"zeropoint_statistics\": 1", "\"zeropoint_statistics\": 2"), HasSubstr("reads version 1"));
  EXPECT_THAT(complaint("[[2.0]]", "[2.0]"),
              HasSubstr("channel means of 'c' has a \"sums\" that is not a list of lists"));
  EXPECT_THAT(complaint("\"count\":1,\"sums\"", "\"count\":0,\"sums\""), HasSubstr("has a \"count\" of 0"));
  EXPECT_THAT(complaint("{", "["), HasSubstr("s.json: is not JSON"));
  EXPECT_EQ(complaint("\"min\":-0.5", "\"min\":-1e999"), "s.json: is not JSON: a number is too large");
  EXPECT_THAT(complaint("\"count\":3", "\"count\":-3"), HasSubstr("tensor 'x' slice 0 has a \"count\""));
  EXPECT_THAT(complaint("\"count\":3", "\"count\":4"), HasSubstr("counts 3 values instead of 4"));
  EXPECT_THAT(complaint("\"zeros\":1", "\"zeros\":9"), HasSubstr("contradicts itself"));
  EXPECT_THAT(complaint("\"min\":-0.5", "\"min\":1e300"), HasSubstr("no float32"));
  EXPECT_THAT(complaint("\"min\":-0.5", "\"min\":-0.6"), HasSubstr("no float32"));
  EXPECT_THAT(complaint("\"min\":-0.5", "\"min\":\"low\""), HasSubstr("not a number"));
  EXPECT_THAT(complaint("\"max\":1.0,\"sum\"", "\"max\":1e6,\"sum\""), HasSubstr("does not cover"));
  EXPECT_THAT(complaint("[0.5]", "[1e308]"), HasSubstr("no sum of float32"));
  EXPECT_THAT(complaint("[0.5]", "0.5"), HasSubstr("not a list"));
  EXPECT_THAT(complaint("[1,1,0,1]", "[1,1,0,1,0]"), HasSubstr("does not cover"));
  EXPECT_THAT(complaint("[1,1,0,1]", "[1,1,0,18446744073709551615]"), HasSubstr("counts more than"));
  EXPECT_THAT(complaint("\"histogram_bins\":4", "\"histogram_bins\":5"), HasSubstr("power of two"));
  EXPECT_THAT(complaint("\"histogram_bins\":4", "\"histogram_bins\":4000000000"), HasSubstr("from 0 to 32768"));
  EXPECT_THAT(complaint("\"axis\":-1", "\"axis\":-2"), HasSubstr("from -1 to"));
  EXPECT_THAT(error_of([] { Statistics::from_json(std::string(100000, '['), "s.json"); }), HasSubstr("not JSON"));
  EXPECT_THAT(error_of([] { Statistics::load("/nonexistent/s.json"); }), HasSubstr("/nonexistent/s.json"));
}

TEST(StatisticsFile, TruncatedOrFlippedBytesNeverCrash) {
  Statistics statistics{.samples = 1};
  TensorStatistics seen({.histogram_bins = 8});
  seen.observe(Tensor::of<float>({3}, {-0.5, 0, 1}));
  statistics.tensors.insert_or_assign("x", seen);
  const std::string good = statistics.to_json();
  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_NE(error_of([&] { Statistics::from_json(good.substr(0, i), "s.json"); }), "");
    for (const char bit : {1, 4, 16, 64}) {
      std::string flipped = good;
      flipped[i] = static_cast<char>(flipped[i] ^ bit);
      EXPECT_NE(error_of([&] { Statistics::from_json(flipped, "s.json"); }), "");
    }
  }
}

TEST(StatisticsMerge, KeepsTensorsThatOneSideHas) {
  Statistics a{.samples = 2};
  a.tensors.try_emplace("x").first->second.observe(Tensor::of<float>({1}, {1}));
  Statistics b{.samples = 3};
  b.tensors.try_emplace("y").first->second.observe(Tensor::of<float>({1}, {2}));
  a.merge(b);
  EXPECT_EQ(a.samples, 5U);
  EXPECT_EQ(a.tensors.size(), 2U);
}

}  // namespace
}  // namespace zeropoint
