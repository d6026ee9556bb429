#include "kernels/matmul_s16/matmul_s16.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

TEST(MatmulS16Kernel, EveryTargetMatchesTheReference) {
  testing::for_each_target([] {
    std::mt19937 random(1);
    std::uniform_int_distribution<int> value(-255, 255);
    for (const std::int64_t rows : {0, 1, 3, 4, 5, 9}) {
      for (const std::int64_t pairs : {0, 1, 2, 37}) {
        for (const std::int64_t columns : {32, 96}) {
          std::vector<std::int16_t> a(static_cast<std::size_t>(rows * 2 * pairs));
          std::vector<std::int16_t> b(static_cast<std::size_t>(pairs * columns * 2));
          for (auto& v : a) v = static_cast<std::int16_t>(value(random));
          for (auto& v : b) v = static_cast<std::int16_t>(value(random));
          std::vector<std::int32_t> got(static_cast<std::size_t>(rows * columns), 7);
          std::vector<std::int32_t> want = got;
          matmul_s16_s32(a.data(), rows, pairs, b.data(), columns, got.data());
          reference::matmul_s16_s32(a.data(), rows, pairs, b.data(), columns, want.data());
          ASSERT_EQ(got, want) << rows << " " << pairs << " " << columns;
        }
      }
    }
  });
}

TEST(MatmulS16Kernel, SumsWrapEverywhereAlike) {
  testing::for_each_target([] {
    const std::int64_t pairs = 40000;  // 80000 * 255 * 255 = 5.2e9
    const std::vector<std::int16_t> a(static_cast<std::size_t>(2 * pairs), 255);
    const std::vector<std::int16_t> b(static_cast<std::size_t>(2 * pairs * kMatmulColumns), 255);
    std::vector<std::int32_t> c(static_cast<std::size_t>(kMatmulColumns));
    matmul_s16_s32(a.data(), 1, pairs, b.data(), kMatmulColumns, c.data());
    const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(std::int64_t{80000} * 255 * 255));
    EXPECT_THAT(c, ::testing::Each(wrapped));
  });
}

}  // namespace
}  // namespace zeropoint
