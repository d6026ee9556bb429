#include "base/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace zeropoint {
namespace {

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(glob_match("conv1", "conv1"));
  EXPECT_FALSE(glob_match("conv", "conv1"));
  EXPECT_FALSE(glob_match("conv1", "conv"));
  EXPECT_TRUE(glob_match("", ""));
}

TEST(Glob, StarCrossesSlashesAndDots) {
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("layers.*/weight", "layers.0.attn/q/weight"));
  EXPECT_TRUE(glob_match("*a*b", "xaxbab"));
  EXPECT_FALSE(glob_match("*a*b", "xaxbabc"));
}

TEST(Glob, QuestionMarkAndSets) {
  EXPECT_TRUE(glob_match("conv?", "conv1"));
  EXPECT_FALSE(glob_match("conv?", "conv"));
  EXPECT_TRUE(glob_match("conv[0-24]", "conv4"));
  EXPECT_FALSE(glob_match("conv[0-24]", "conv3"));
  EXPECT_TRUE(glob_match("conv[!0-2]", "conv3"));
  EXPECT_TRUE(glob_match("[]]", "]"));
  EXPECT_TRUE(glob_match("a[1", "a[1")) << "an open bracket alone is an ordinary character";
}

TEST(Glob, ManyStarsStayQuick) {
  const std::string name(2000, 'a');
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*a*a*a*b", name));
}

}  // namespace
}  // namespace zeropoint
