#include "kernels/table/table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

CodeTable256 random_table() {
  std::mt19937 random(3);
  CodeTable256 table;
  for (std::uint8_t& entry : table) entry = static_cast<std::uint8_t>(random());
  return table;
}

TEST(TableKernel, MatchesTheReferenceForAllSizesInPlaceToo) {
  const CodeTable256 table = random_table();
  std::mt19937 random(9);
  for (const std::int64_t n : testing::awkward_sizes()) {
    std::vector<std::uint8_t> x(static_cast<std::size_t>(n + 1));
    for (std::uint8_t& code : x) code = static_cast<std::uint8_t>(random());
    std::vector<std::uint8_t> want(x.size() + 1, 55);
    auto got = want;
    reference::table_u8(x.data() + 1, n, table, want.data());
    table_u8(x.data() + 1, n, table, got.data());
    ASSERT_EQ(got, want) << n;
    table_u8(x.data() + 1, n, table, x.data() + 1);
    ASSERT_TRUE(std::equal(x.begin() + 1, x.end(), want.begin())) << n;
  }
}

TEST(TableKernel, EveryCode) {
  const CodeTable256 table = random_table();
  CodeTable256 codes, got;
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  table_u8(codes.data(), 256, table, got.data());
  EXPECT_EQ(got, table);
}

}  // namespace
}  // namespace zeropoint
