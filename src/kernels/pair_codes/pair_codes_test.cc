#include "kernels/pair_codes/pair_codes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

template <class Code>
std::vector<Code> some_codes(std::int64_t n, std::int32_t lowest) {
  std::mt19937 random(3);
  std::uniform_int_distribution<int> code(lowest, lowest + 255);
  std::vector<Code> codes(static_cast<std::size_t>(n));
  for (auto& q : codes) q = static_cast<Code>(code(random));
  return codes;
}

template <class Code>
void check_differences(std::int32_t lowest) {
  for (const std::int64_t n : {0, 1, 7, 8, 9, 31, 32, 33, 100}) {
    const std::vector<Code> q = some_codes<Code>(n, lowest);
    for (const std::int32_t zero_point : {lowest, lowest + 100, lowest + 255}) {
      std::vector<std::int16_t> got(static_cast<std::size_t>(n + 1), 77);  // one more must stay
      std::vector<std::int16_t> want = got;
      code_differences(q.data(), n, zero_point, got.data());
      reference::code_differences<Code>(q.data(), n, zero_point, want.data());
      ASSERT_EQ(got, want) << n << " zero point " << zero_point;
    }
  }
}

template <class Code>
void check_pairs(std::int32_t lowest) {
  for (const std::int64_t n : {0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 100}) {
    for (const std::int64_t step : {1, 2, 3}) {
      // The shortest rows that hold n codes: nothing behind the last one may be read.
      const std::int64_t length = n == 0 ? 0 : (n - 1) * step + 1;
      const std::vector<Code> a = some_codes<Code>(length, lowest);
      const std::vector<Code> b(a.rbegin(), a.rend());
      for (const std::int32_t zero_point : {lowest, lowest + 100, lowest + 255}) {
        for (const Code* second : {static_cast<const Code*>(nullptr), static_cast<const Code*>(b.data())}) {
          std::vector<std::int16_t> got(static_cast<std::size_t>(2 * n + 1), 77);  // one more must stay
          std::vector<std::int16_t> want = got;
          pair_codes(a.data(), second, n, step, zero_point, got.data());
          reference::pair_codes<Code>(a.data(), second, n, step, zero_point, want.data());
          ASSERT_EQ(got, want) << n << " step " << step << " zero point " << zero_point;
        }
      }
    }
  }
}

TEST(PairCodesKernel, EveryTargetMatchesTheReference) {
  testing::for_each_target([] {
    check_pairs<std::uint8_t>(0);
    check_pairs<std::int8_t>(-128);
    check_differences<std::uint8_t>(0);
    check_differences<std::int8_t>(-128);
  });
}

TEST(PairCodesKernel, SubtractsTheZeroPointFromBoth) {
  const std::vector<std::uint8_t> a = {0, 255};
  const std::vector<std::uint8_t> b = {10, 200};
  std::vector<std::int16_t> pairs(4);
  pair_codes(a.data(), b.data(), 2, 1, 200, pairs.data());
  EXPECT_EQ(pairs, (std::vector<std::int16_t>{-200, -190, 55, 0}));
}

}  // namespace
}  // namespace zeropoint
