#include "kernels/pair_codes/pair_codes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

template <class Code, class Kernel>
void check(const Kernel& kernel, std::int32_t lowest) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> code(lowest, lowest + 255);
  for (const std::int64_t n : {0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 100}) {
    for (const std::int64_t step : {1, 2, 3}) {
      std::vector<Code> a(static_cast<std::size_t>(n * step));
      std::vector<Code> b(a.size());
      for (auto& q : a) q = static_cast<Code>(code(random));
      for (auto& q : b) q = static_cast<Code>(code(random));
      for (const std::int32_t zero_point : {lowest, lowest + 100, lowest + 255}) {
        for (const Code* second : {static_cast<const Code*>(nullptr), static_cast<const Code*>(b.data())}) {
          std::vector<std::int16_t> got(static_cast<std::size_t>(2 * n + 1), 77);  // one more must stay
          std::vector<std::int16_t> want = got;
          kernel(a.data(), second, n, step, zero_point, got.data());
          reference::pair_codes<Code>(a.data(), second, n, step, zero_point, want.data());
          ASSERT_EQ(got, want) << n << " step " << step << " zero point " << zero_point;
        }
      }
    }
  }
}

TEST(PairCodesKernel, EveryTargetMatchesTheReference) {
  testing::for_each_target([] {
    check<std::uint8_t>(pair_codes_u8, 0);
    check<std::int8_t>(pair_codes_i8, -128);
  });
}

TEST(PairCodesKernel, SubtractsTheZeroPointFromBoth) {
  const std::vector<std::uint8_t> a = {0, 255};
  const std::vector<std::uint8_t> b = {10, 200};
  std::vector<std::int16_t> pairs(4);
  pair_codes_u8(a.data(), b.data(), 2, 1, 200, pairs.data());
  EXPECT_EQ(pairs, (std::vector<std::int16_t>{-200, -190, 55, 0}));
}

}  // namespace
}  // namespace zeropoint
