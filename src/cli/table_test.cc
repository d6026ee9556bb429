#include "cli/table.h"

#include <gtest/gtest.h>

#include <limits>

namespace zeropoint::cli {
namespace {

Table table_of(const std::vector<std::string>& names) {
  Table table({{"weight", false, true}, {"bits", true}});
  for (const std::string& name : names) table.add({name, "4"});
  return table;
}

TEST(Table, IsAsWideAsItsContent) {
  EXPECT_EQ(table_of({"a.very.long.name"}).render(std::numeric_limits<std::size_t>::max()),
            "weight            bits\n"
            "----------------  ----\n"
            "a.very.long.name     4\n");
}

TEST(Table, DropsTheMiddleWhereTheEndsDiffer) {
  EXPECT_EQ(table_of({"model.layers.0.attention.query", "model.layers.0.attention.value"}).render(22),
            "weight            bits\n"
            "----------------  ----\n"
            "mode..tion.query     4\n"
            "mode..tion.value     4\n");
}

TEST(Table, KeepsTheLayerNumberThatTellsRowsApart) {
  EXPECT_EQ(table_of({"model.layers.0.attention.query", "model.layers.1.attention.query"}).render(25),
            "weight               bits\n"
            "-------------------  ----\n"
            "..0.attention.query     4\n"
            "..1.attention.query     4\n");
}

TEST(Table, KeepsNamesWholeThatNothingElseTellsApart) {
  EXPECT_EQ(table_of({"long_name_0_of_a_weight_", "long_name_1_of_a_weight_"}).render(20),
            "weight                    bits\n"
            "------------------------  ----\n"
            "long_name_0_of_a_weight_     4\n"
            "long_name_1_of_a_weight_     4\n");
}

TEST(Table, SameEntriesStayTheSame) {
  EXPECT_EQ(table_of({"a0_long_name_of_a_weight", "a0_long_name_of_a_weight"}).render(20),
            "weight          bits\n"
            "--------------  ----\n"
            "a0_l..a_weight     4\n"
            "a0_l..a_weight     4\n");
}

}  // namespace
}  // namespace zeropoint::cli
