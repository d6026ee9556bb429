#include "kernels/llm_int8/llm_int8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "base/parallel.h"
#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Problem {
  std::int64_t m, n, k;
  std::vector<float> x;
  std::vector<std::int8_t> codes;
  std::vector<float> absmax;
  std::vector<float> bias = {};
  float threshold = kLlmInt8Threshold;

  LlmInt8Product product(std::vector<float>& y) const {
    y.assign(static_cast<std::size_t>(m * n), -1);
    return {.m = m,
            .n = n,
            .k = k,
            .x = x.data(),
            .absmax = absmax.data(),
            .bias = bias.empty() ? nullptr : bias.data(),
            .threshold = threshold,
            .y = y.data()};
  }
};

struct Result {
  std::vector<float> y;
  std::vector<std::int64_t> outliers;
};

Result run(const Problem& problem) {
  std::vector<std::int16_t> packed(static_cast<std::size_t>(packed_llm_int8_size(problem.n, problem.k)));
  pack_llm_int8(problem.codes.data(), problem.n, problem.k, packed.data());
  Result result;
  LlmInt8Product product = problem.product(result.y);
  product.weights = packed.data();
  LlmInt8Workspace workspace;
  llm_int8_product(product, workspace);
  result.outliers = workspace.outliers;
  return result;
}

Problem random_problem(std::int64_t m, std::int64_t n, std::int64_t k, float outlier_share) {
  std::mt19937 random(static_cast<std::uint32_t>(m * 10007 + n * 101 + k));
  std::normal_distribution<float> normal(0, 1);
  std::uniform_real_distribution<float> uniform(0, 1);
  std::uniform_int_distribution<int> code(-127, 127);
  Problem p{.m = m, .n = n, .k = k};
  for (std::int64_t i = 0; i < m * k; ++i) p.x.push_back(normal(random) * (uniform(random) < outlier_share ? 20 : 1));
  for (std::int64_t i = 0; i < n * k; ++i) p.codes.push_back(static_cast<std::int8_t>(code(random)));
  for (std::int64_t i = 0; i < n; ++i) p.absmax.push_back(uniform(random));
  return p;
}

/// NaN counts as equal to NaN: which of them a sum keeps is not defined.
void expect_same_bits(const Problem& problem, const std::vector<float>& got) {
  std::vector<float> want;
  reference::llm_int8_product(problem.product(want), problem.codes.data());
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (std::isnan(want[i]) && std::isnan(got[i])) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(got[i]), std::bit_cast<std::uint32_t>(want[i])) << "element " << i;
  }
}

TEST(LlmInt8, KeepsOutlierColumnsInFloat) {
  // The second column holds 50: with it, the grid of the first row would be 50 / 127 wide.
  const Problem p{.m = 2, .n = 1, .k = 3, .x = {1, 50, 0.5F, 2, 0.25F, -2}, .codes = {127, 127, -127}, .absmax = {1}};
  const Result result = run(p);
  EXPECT_THAT(result.outliers, ElementsAre(1));
  // Codes 127, 64 (63.5 to even) of the first row, 127 and -127 of the second.
  const float first = static_cast<float>((127 - 64) * 127) / 127 / 127;
  EXPECT_NEAR(result.y[0], first + 50, 1e-5);
  EXPECT_NEAR(result.y[1], 4 + 0.25, 1e-6);
}

TEST(LlmInt8, TheThresholdItselfIsAnOutlier) {
  Problem p{.m = 1, .n = 1, .k = 2, .x = {6, std::nextafter(6.0F, 0.0F)}, .codes = {1, 1}, .absmax = {1}};
  EXPECT_THAT(run(p).outliers, ElementsAre(0));
  p.threshold = 7;
  EXPECT_THAT(run(p).outliers, IsEmpty());
}

TEST(LlmInt8, WithoutThresholdOnlyWhatIsNotFiniteIsAnOutlier) {
  Problem p{.m = 1, .n = 1, .k = 2, .x = {1e30F, 1}, .codes = {127, 127}, .absmax = {127}, .threshold = 0};
  EXPECT_THAT(run(p).outliers, IsEmpty());
  p.x[1] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(run(p).outliers, ElementsAre(1));
  EXPECT_EQ(run(p).y[0], std::numeric_limits<float>::infinity());
}

TEST(LlmInt8, NanStaysInItsRow) {
  Problem p = random_problem(3, 40, 21, 0);
  p.x[21 + 4] = std::numeric_limits<float>::quiet_NaN();
  const Result result = run(p);
  EXPECT_THAT(result.outliers, ElementsAre(4));
  for (std::int64_t i = 0; i < 3 * 40; ++i) EXPECT_EQ(std::isnan(result.y[static_cast<std::size_t>(i)]), i / 40 == 1);
}

TEST(LlmInt8, RowsOfZerosGiveTheBias) {
  Problem p{.m = 2, .n = 2, .k = 2, .x = {0, 0, 0, 0}, .codes = {1, 2, 3, 4}, .absmax = {1, 0}, .bias = {0.5F, -3}};
  EXPECT_THAT(run(p).y, ElementsAre(0.5F, -3, 0.5F, -3));
}

TEST(LlmInt8, MatchesTheReferenceBitForBitOnEveryTarget) {
  testing::for_each_target([] {
    for (const float share : {0.0F, 0.01F, 1.0F}) {
      for (const auto& [m, n, k] : std::vector<std::array<std::int64_t, 3>>{
               {1, 1, 1}, {0, 5, 5}, {5, 0, 5}, {3, 33, 0}, {1, 31, 17}, {4, 32, 64}, {5, 65, 33}, {67, 40, 127}}) {
        Problem p = random_problem(m, n, k, share);
        expect_same_bits(p, run(p).y);
        p.bias = p.absmax;
        p.threshold = share == 1.0F ? 1e-6F : 2.5F;
        const Result result = run(p);
        expect_same_bits(p, result.y);
        if (share == 1.0F && m > 0) EXPECT_EQ(std::ssize(result.outliers), k) << "all columns are outliers";
      }
    }
  });
}

TEST(LlmInt8, MatchesTheReferenceOnTiniestLargestAndNan) {
  testing::for_each_target([] {
    Problem p = random_problem(9, 35, 77, 0);
    p.threshold = 0;
    p.x = testing::awkward_floats(p.m * p.k, 1e-3F, 7, true);
    expect_same_bits(p, run(p).y);
    for (float& x : p.x) x = std::abs(x) < 1 ? x * 1e-38F : 0;  // 127 / absmax is infinite
    expect_same_bits(p, run(p).y);
  });
}

TEST(LlmInt8, TheLongestRowDoesNotOverflow) {
  const std::int64_t k = kLlmInt8LongestRow;
  const Problem p{.m = 1,
                  .n = 1,
                  .k = k,
                  .x = std::vector<float>(static_cast<std::size_t>(k), 1),
                  .codes = std::vector<std::int8_t>(static_cast<std::size_t>(k), 127),
                  .absmax = {1}};
  EXPECT_NEAR(run(p).y[0], static_cast<double>(k), 0.1);
}

TEST(LlmInt8, AnyNumberOfThreadsGivesTheSameBits) {
  const Problem p = random_problem(130, 70, 300, 0.001F);
  set_num_threads(1);
  const std::vector<float> one = run(p).y;
  set_num_threads(3);
  EXPECT_EQ(run(p).y, one);
  set_num_threads(0);
}

}  // namespace
}  // namespace zeropoint
