#include "base/fingerprint.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace zeropoint {
namespace {

std::string of(const std::vector<std::string>& pieces) {
  Fingerprint fingerprint;
  for (const std::string& piece : pieces) fingerprint.add(std::string_view(piece));
  return fingerprint.hex();
}

TEST(Fingerprint, IsTheSameForTheSameBytes) {
  EXPECT_EQ(of({"weights"}), of({"weights"}));
  EXPECT_EQ(of({"weights"}).size(), 16U);
}

TEST(Fingerprint, TellsEveryByteAndEveryBorderApart) {
  std::set<std::string> seen = {of({}), of({""}), of({"ab", "c"}), of({"a", "bc"}), of({"abc"})};
  EXPECT_EQ(seen.size(), 5U);
  const std::string text(100, 'x');
  seen = {of({text})};
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    seen.insert(of({changed}));
  }
  EXPECT_EQ(seen.size(), 101U);
}

TEST(Fingerprint, DependsOnTheOrder) {
  EXPECT_NE(of({"first", "second"}), of({"second", "first"}));
  Fingerprint a, b;
  a.add(std::int64_t{1});
  b.add(std::int64_t{2});
  EXPECT_NE(a.hex(), b.hex());
}

}  // namespace
}  // namespace zeropoint
