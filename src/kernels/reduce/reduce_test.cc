#include "kernels/reduce/reduce.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

TEST(ReduceRow, EveryTargetEqualsTheReferenceBitForBit) {
  std::vector<std::int64_t> sizes = testing::awkward_sizes();
  sizes.insert(sizes.end(), {4095, 5000});
  const std::vector<float> finite = testing::awkward_floats(5001, 0.01F, 3, false);
  const std::vector<float> specials = testing::awkward_floats(5001, 0.01F, 4, true);
  testing::for_each_target([&] {
    for (int i = 0; i < kReduceF32Count; ++i) {
      const auto op = static_cast<ReduceF32>(i);
      for (const std::int64_t n : sizes) {
        for (const std::vector<float>* data : {&finite, &specials}) {
          const float* x = data->data() + 1;
          ASSERT_PRED2(same_bits, reduce_f32(op, x, n), reference::reduce_f32(op, x, n)) << i << " of " << n;
          ASSERT_PRED2(same_bits, reduce_f32(op, x, n, 0.3F), reference::reduce_f32(op, x, n, 0.3F))
              << i << " of " << n;
        }
      }
    }
  });
}

TEST(ReduceRow, NeutralWhenEmptyAndNanWins) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (int i = 0; i < kReduceF32Count; ++i) {
    const auto op = static_cast<ReduceF32>(i);
    EXPECT_EQ(reduce_f32(op, nullptr, 0), neutral(op));
    for (std::size_t at : {0U, 1U, 70U, 1999U}) {
      std::vector<float> x(2000, 1);
      x[at] = nan;
      EXPECT_TRUE(std::isnan(reduce_f32(op, x.data(), 2000))) << i;
    }
  }
}

TEST(ReduceRow, StaysAccurateForMillionsOfElements) {
  const std::vector<float> x(3'000'000, 0.1F);
  EXPECT_NEAR(reduce_f32(ReduceF32::sum, x.data(), 3'000'000), 3e6 * static_cast<double>(0.1F), 0.06);
  EXPECT_NEAR(reduce_f32(ReduceF32::sum_squares, x.data(), 3'000'000, 0.1F), 0, 0);
}

TEST(AccumulateColumns, EveryTargetEqualsTheReferenceBitForBit) {
  const std::vector<float> x = testing::awkward_floats(7 * 70, 0.01F, 5, true);
  testing::for_each_target([&] {
    for (int i = 0; i < kReduceF32Count; ++i) {
      const auto op = static_cast<ReduceF32>(i);
      for (const std::int64_t cols : {1, 3, 8, 17, 70}) {
        std::vector<float> actual(static_cast<std::size_t>(cols), static_cast<float>(neutral(op)));
        std::vector<float> expected = actual;
        accumulate_columns_f32(op, x.data(), 7, cols, actual.data());
        reference::accumulate_columns_f32(op, x.data(), 7, cols, expected.data());
        for (std::size_t c = 0; c < actual.size(); ++c) ASSERT_PRED2(same_bits, actual[c], expected[c]) << i;
      }
    }
  });
}

}  // namespace
}  // namespace zeropoint
