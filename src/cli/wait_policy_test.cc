#include "cli/wait_policy.h"

#include <gtest/gtest.h>

namespace zeropoint::cli {
namespace {

TEST(WaitPolicy, AMachineIsBusyWhenMoreWantToRunThanItHasCores) {
  EXPECT_FALSE(is_busy("0.50 3.00 3.00 1/200 4711\n", 2));
  EXPECT_FALSE(is_busy("1.40 3.00 3.00 2/200 4711\n", 2));
  EXPECT_TRUE(is_busy("0.50 0.10 0.10 3/200 4711\n", 2));  // right now
  EXPECT_TRUE(is_busy("1.60 0.10 0.10 1/200 4711\n", 2));  // over the last minute
  EXPECT_FALSE(is_busy("1.60 0.10 0.10 3/200 4711\n", 4));
}

TEST(WaitPolicy, UnknownTextSaysNothing) {
  EXPECT_FALSE(is_busy("", 2));
  EXPECT_FALSE(is_busy("9.00 9.00", 2));
}

}  // namespace
}  // namespace zeropoint::cli
