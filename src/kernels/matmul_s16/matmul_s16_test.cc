#include "kernels/matmul_s16/matmul_s16.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

class Random {
 public:
  std::vector<std::int16_t> values(std::int64_t n) {
    std::vector<std::int16_t> all(static_cast<std::size_t>(n));
    for (auto& v : all) v = static_cast<std::int16_t>(value_(engine_));
    return all;
  }

 private:
  std::mt19937 engine_{1};
  std::uniform_int_distribution<int> value_{-255, 255};
};

TEST(MatmulS16Kernel, EveryTargetMatchesTheReference) {
  testing::for_each_target([] {
    Random random;
    for (const std::int64_t rows : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 18}) {
      for (const std::int64_t pairs : {0, 1, 2, 37}) {
        for (const std::int64_t columns : {0, 32, 96}) {
          const std::int64_t stride = columns + 3;
          const auto a = random.values(rows * 2 * pairs);
          const auto b = random.values(pairs * columns * 2);
          std::vector<std::int32_t> got(static_cast<std::size_t>(rows * stride), 7);
          std::vector<std::int32_t> want = got;
          matmul_s16_s32(a.data(), rows, pairs, b.data(), columns, got.data(), stride);
          reference::matmul_s16_s32(a.data(), rows, pairs, b.data(), columns, want.data(), stride);
          ASSERT_EQ(got, want) << rows << " " << pairs << " " << columns;
        }
      }
    }
  });
}

TEST(ConvS16Kernel, EveryTargetMatchesTheReference) {
  testing::for_each_target([] {
    Random random;
    const std::vector<std::int64_t> offsets = {0, 1, 2, 40, 41, 42, 7, 0};
    const auto pairs = static_cast<std::int64_t>(offsets.size());
    for (const std::int64_t rows : {1, 2, 3, 4, 8, 11}) {
      for (const std::int64_t columns : {1, 15, 16, 17, 31, 32, 33, 64, 70}) {
        const std::int64_t whole = (columns + kMatmulColumns - 1) / kMatmulColumns * kMatmulColumns;
        const auto a = random.values(rows * 2 * pairs);
        const auto image = random.values((42 + whole) * 2);
        std::vector<std::int32_t> start;
        for (std::int64_t r = 0; r < rows; ++r) start.push_back(static_cast<std::int32_t>(1000 * r - 3));
        for (const std::int32_t* from : std::initializer_list<const std::int32_t*>{nullptr, start.data()}) {
          std::vector<std::int32_t> got(static_cast<std::size_t>(rows * whole));
          std::vector<std::int32_t> want = got;
          conv_s16_s32(a.data(), rows, pairs, image.data(), offsets.data(), columns, from, got.data(), whole);
          reference::conv_s16_s32(a.data(), rows, pairs, image.data(), offsets.data(), columns, from, want.data(),
                                  whole);
          for (std::int64_t i = 0; i < rows * whole; ++i) {
            if (i % whole >= columns)
              got[static_cast<std::size_t>(i)] = want[static_cast<std::size_t>(i)];  // anything may stand there
          }
          ASSERT_EQ(got, want) << rows << " " << columns;
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
    matmul_s16_s32(a.data(), 1, pairs, b.data(), kMatmulColumns, c.data(), kMatmulColumns);
    const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(std::int64_t{80000} * 255 * 255));
    EXPECT_THAT(c, ::testing::Each(wrapped));
  });
}

}  // namespace
}  // namespace zeropoint
