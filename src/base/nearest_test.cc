#include "base/nearest.h"

#include <gtest/gtest.h>

#include <array>

namespace zeropoint {
namespace {

constexpr std::array<std::string_view, 3> kObservers = {"entropy", "minmax", "mse"};

TEST(Nearest, FindsASlipOfTheFingers) {
  EXPECT_EQ(nearest("minmx", kObservers), "minmax");
  EXPECT_EQ(nearest("msa", kObservers), "mse");
  EXPECT_EQ(nearest("percentile", kObservers), "");
  EXPECT_EQ(nearest("", kObservers), "");
}

TEST(Nearest, UnknownWordListsWhatThereIs) {
  EXPECT_EQ(unknown_word("observer", "entrpy", kObservers),
            "unknown observer 'entrpy'; did you mean 'entropy'? (entropy, minmax, mse)");
  EXPECT_EQ(unknown_word("observer", "zzzzz", kObservers), "unknown observer 'zzzzz' (entropy, minmax, mse)");
}

}  // namespace
}  // namespace zeropoint
