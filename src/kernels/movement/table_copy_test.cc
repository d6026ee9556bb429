#include "kernels/movement/table_copy.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace zeropoint {
namespace {

using Table = std::vector<std::int64_t>;

template <class T>
std::vector<T> copy(std::vector<Table> tables, std::size_t sources) {
  std::size_t count = 1;
  for (const Table& table : tables) count *= table.size();
  std::vector<T> src(sources);
  std::iota(src.begin(), src.end(), T{0});
  std::vector<T> dst(count, T{99});
  TableCopy(std::move(tables), sizeof(T)).run(dst.data(), src.data());
  return dst;
}

TEST(TableCopy, AddsTheOffsetsOfTheAxes) {
  EXPECT_EQ(copy<std::uint16_t>({{0, 3, 0}, {2, 0}}, 6), (std::vector<std::uint16_t>{2, 0, 5, 3, 2, 0}));
}

TEST(TableCopy, RepeatedLinesAndElements) {
  EXPECT_EQ(copy<float>({{0, 0, 2, 2}, {0, 0, 1, 1}}, 4),
            (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3}));
}

TEST(TableCopy, LongLinesOfRunsPairsAndOthers) {
  Table mixed = {5, 4, 3};                                       // backwards
  for (std::int64_t i = 0; i < 40; ++i) mixed.push_back(i);      // a run
  for (std::int64_t i = 0; i < 41; ++i) mixed.push_back(i / 2);  // pairs and a single one
  std::vector<std::uint8_t> expected(mixed.begin(), mixed.end());
  EXPECT_EQ(copy<std::uint8_t>({mixed}, 50), expected);
}

TEST(TableCopy, InnerAxesThatStayTogetherMoveAsRuns) {
  EXPECT_EQ(copy<std::uint8_t>({{6, 0}, {0, 3}, {0, 1, 2}}, 12),
            (std::vector<std::uint8_t>{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5}));
}

TEST(TableCopy, NothingToCopy) { EXPECT_TRUE(copy<float>({{}, {0}}, 1).empty()); }

}  // namespace
}  // namespace zeropoint
