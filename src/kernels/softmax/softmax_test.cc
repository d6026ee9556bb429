#include "kernels/softmax/softmax.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b) || (std::isnan(a) && std::isnan(b));
}

using Softmax = void (*)(SoftmaxKind, const float*, float*, std::int64_t, std::int64_t);

void expect_equal_on_every_target(Softmax fast, Softmax slow, std::int64_t rows, std::int64_t cols) {
  const std::vector<float> x = testing::awkward_floats(rows * cols, 0.05F, 9, true);
  const std::vector<float> tame = testing::awkward_floats(rows * cols, 0.001F, 9, false);
  testing::for_each_target([&] {
    for (const std::vector<float>* data : {&x, &tame}) {
      for (const SoftmaxKind kind : {SoftmaxKind::softmax, SoftmaxKind::log_softmax}) {
        std::vector<float> actual = *data;
        std::vector<float> expected(data->size());
        fast(kind, actual.data(), actual.data(), rows, cols);
        slow(kind, data->data(), expected.data(), rows, cols);
        for (std::size_t i = 0; i < actual.size(); ++i)
          ASSERT_PRED2(same_bits, actual[i], expected[i]) << i << "/" << cols;
      }
    }
  });
}

TEST(SoftmaxRows, EveryTargetEqualsTheReferenceBitForBit) {
  for (const std::int64_t cols : {1, 2, 15, 16, 17, 63, 1023, 1024, 1030, 3000}) {
    expect_equal_on_every_target(softmax_rows_f32, reference::softmax_rows_f32, 2, cols);
  }
}

TEST(SoftmaxColumns, EveryTargetEqualsTheReferenceBitForBit) {
  for (const std::int64_t cols : {1, 3, 16, 37}) {
    expect_equal_on_every_target(softmax_columns_f32, reference::softmax_columns_f32, 5, cols);
  }
}

TEST(SoftmaxRows, KnownValuesWithoutOverflow) {
  const float x[] = {1000, 1001, 1002};
  float y[3];
  softmax_rows_f32(SoftmaxKind::softmax, x, y, 1, 3);
  EXPECT_FLOAT_EQ(y[0], 0.09003057F);
  EXPECT_FLOAT_EQ(y[2], 0.66524096F);
  softmax_rows_f32(SoftmaxKind::log_softmax, x, y, 1, 3);
  EXPECT_FLOAT_EQ(y[0], -2.4076059F);
}

TEST(SoftmaxRows, MinusInfinityHasNoWeight) {
  const float x[] = {0, -std::numeric_limits<float>::infinity()};
  float y[2];
  softmax_rows_f32(SoftmaxKind::softmax, x, y, 1, 2);
  EXPECT_EQ(y[0], 1);
  EXPECT_EQ(y[1], 0);
}

}  // namespace
}  // namespace zeropoint
