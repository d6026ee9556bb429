#include "kernels/gptq/gptq_columns.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/simd_targets.h"
#include "zeropoint/tensor.h"

namespace zeropoint {
namespace {

/// A block of `width` columns with everything that the kernel reads and writes.
struct Block {
  explicit Block(std::int64_t columns) : width(columns) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 1);
    for (float& w : weights.mutable_values<float>()) w = normal(random);
    for (float& u : factor) u = 0.3F * normal(random);
    for (std::int64_t i = 0; i < width; ++i) factor[static_cast<std::size_t>(i * width + i)] = 1.5F;
    for (float& s : scales.mutable_values<float>()) s = 0.1F + 0.05F * std::abs(normal(random));
    for (float& z : zero_points.mutable_values<float>()) z = static_cast<float>(random() % 5) - 2;
  }

  GptqColumns columns(std::int64_t begin, std::int64_t end) {
    return {.begin = begin,
            .end = end,
            .width = width,
            .weights = weights.mutable_data<float>(),
            .errors = errors.mutable_data<float>(),
            .codes = codes.mutable_data<std::int8_t>(),
            .scales = scales.data<float>(),
            .zero_points = zero_points.data<float>(),
            .range = {-8, 7},
            .factor = factor.data(),
            .factor_step = width};
  }

  std::vector<float> all_errors() const {
    const auto values = errors.values<float>();
    return {values.begin(), values.end()};
  }
  std::vector<std::int8_t> all_codes() const {
    const auto values = codes.values<std::int8_t>();
    return {values.begin(), values.end()};
  }

  std::int64_t width;
  Tensor weights = Tensor::allocate(DType::f32, {width, kGptqRows});
  Tensor errors = Tensor::zeros(DType::f32, {width, kGptqRows});
  Tensor codes = Tensor::zeros(DType::i8, {width, kGptqRows});
  Tensor scales = Tensor::allocate(DType::f32, {kGptqRows});
  Tensor zero_points = Tensor::allocate(DType::f32, {kGptqRows});
  std::vector<float> factor = std::vector<float>(static_cast<std::size_t>(width * width));
};

TEST(GptqColumns, HandsTheErrorOfAColumnToTheNext) {
  Block block(2);
  block.scales.mutable_data<float>()[0] = 1;
  block.zero_points.mutable_data<float>()[0] = 0;
  block.weights.mutable_data<float>()[0] = 2.25F;          // rounds to 2: the error is 0.25 / 1
  block.weights.mutable_data<float>()[kGptqRows] = 3.25F;  // 3.25 - 0.25 * 2 = 2.75, which rounds to 3
  block.factor = {1, 2, 0, 0.5F};
  gptq_columns(block.columns(0, 2));
  EXPECT_EQ(block.all_codes()[0], 2);
  EXPECT_EQ(block.all_codes()[kGptqRows], 3);
  EXPECT_EQ(block.all_errors()[0], 0.25F);
  EXPECT_EQ(block.all_errors()[kGptqRows], -0.5F);
}

TEST(GptqColumns, HasTheBitsOfTheReference) {
  testing::for_each_target([] {
    for (const std::int64_t width : {1, 2, 17, 128}) {
      Block expected(width);
      Block actual(width);
      reference::gptq_columns(expected.columns(0, width));
      gptq_columns(actual.columns(0, width));
      std::int64_t different = 0;
      for (std::size_t i = 0; i < expected.all_codes().size(); ++i) {
        different += expected.all_codes()[i] != actual.all_codes()[i] ? 1 : 0;
      }
      // Without fused multiply-adds a weight near a tie may fall to the other side, and its row differs from there on.
      EXPECT_LE(different, hwy::SupportedTargets() == HWY_SSE4 ? kGptqRows * width / 10 : 0) << width;
    }
  });
}

TEST(GptqColumns, MayBeCutBetweenColumns) {
  Block whole(64);
  Block cut(64);
  gptq_columns(whole.columns(0, 64));
  for (std::int64_t begin = 0; begin < 64; begin += 16) gptq_columns(cut.columns(begin, begin + 16));
  EXPECT_EQ(whole.all_codes(), cut.all_codes());
  EXPECT_EQ(whole.all_errors(), cut.all_errors());
}

}  // namespace
}  // namespace zeropoint
