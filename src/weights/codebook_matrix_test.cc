#include "weights/codebook_matrix.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

TEST(CodebookMatrix, TheFirstElementIsInTheHighHalf) {
  const CodebookMatrix m{.scheme = {.block_size = 2},
                         .rows = 1,
                         .columns = 3,
                         .codes = Tensor::of<std::uint8_t>({2}, {0xF0, 0x70}),
                         .levels = Tensor::copy_of<float>({16}, nf4_levels()),
                         .absmax = Tensor::of<float>({2}, {3, 5})};
  EXPECT_THAT(dequantize(m).values<float>(), ElementsAre(3, -3, 0));
}

TEST(CodebookMatrix, FactorsMayBeCodes) {
  CodebookMatrix m{.scheme = {.block_size = 1, .double_quantization = true},
                   .rows = 2,
                   .columns = 1,
                   .codes = Tensor::of<std::uint8_t>({1}, {0xFF}),
                   .levels = Tensor::copy_of<float>({16}, nf4_levels())};
  m.nested = NestedAbsmax{.codes = Tensor::of<std::uint8_t>({2}, {0, 1}),
                          .absmax = Tensor::of<float>({2}, {2, 8}),
                          .levels = Tensor::of<float>({2}, {-0.5F, 0.25F}),
                          .offset = 10,
                          .block_size = 1};
  EXPECT_THAT(dequantize(m).values<float>(), ElementsAre(9, 12));
}

TEST(Codebooks, TheDynamicLevelsAreSortedAndDistinct) {
  const std::span<const float> levels = dynamic_8bit_levels();
  ASSERT_EQ(levels.size(), 256U);
  EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end()));
  EXPECT_EQ(std::adjacent_find(levels.begin(), levels.end()), levels.end());
  EXPECT_EQ(levels.back(), 1.0F);
  EXPECT_EQ(levels[127], 0.0F);
  EXPECT_FLOAT_EQ(levels.front(), -0.99296875F) << "the middle of the last of 64 parts of [0.1, 1]";
  EXPECT_FLOAT_EQ(levels[128], 5.5e-7F) << "the only level of the first decade";
}

}  // namespace
}  // namespace zeropoint
