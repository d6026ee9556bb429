#include "base/utf8.h"

#include <gtest/gtest.h>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

TEST(Utf8, KnowsWellFormedText) {
  EXPECT_TRUE(is_utf8("plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80"));
  for (const char* bad : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Utf8, ErrorsAreOneLineWhateverTheFileSays) {
  EXPECT_EQ(one_line("a\nb\x1b[0m\xFF\xC3\xA4"), "a\\x0ab\\x1b[0m\\xff\xC3\xA4");
  const Error error(ErrorKind::io, "file\n", "message\twith\ncontrol characters");
  EXPECT_STREQ(error.what(), "file\\x0a: message\\x09with\\x0acontrol characters");
  EXPECT_LT(one_line(std::string(100000, 'x')).size(), 2100U);
}

}  // namespace
}  // namespace zeropoint
