#include "base/mapped_file.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

std::string refusal(const std::string& path) {
  try {
    MappedFile::open(path);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(MappedFile, ReleasedBytesComeBackFromTheFile) {
  const testing::TempFolder folder;
  std::string text(100000, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
  const auto file = MappedFile::open(folder.write("x", text));
  EXPECT_EQ(file->text(), text);
  file->release(file->bytes().subspan(5000, 60000));
  file->release(file->bytes().subspan(3, 5));  // less than a page
  file->release(file->bytes());
  EXPECT_EQ(file->text(), text);
}

TEST(MappedFile, OutlivesTheNameOfTheFile) {
  const testing::TempFolder folder;
  const auto file = MappedFile::open(folder.write("x", "abc"));
  std::filesystem::remove(folder / "x");
  EXPECT_EQ(file->text(), "abc");
}

TEST(MappedFile, RefusesWhatIsNoFile) {
  const testing::TempFolder folder;
  EXPECT_EQ(refusal(folder / "none"), "cannot open: No such file or directory");
  EXPECT_EQ(refusal(folder.path().string()), "is a folder, a file is wanted");
  EXPECT_EQ(refusal("/dev/null"), "is not a regular file");
  EXPECT_TRUE(MappedFile::open(folder.write("empty", ""))->bytes().empty());
}

}  // namespace
}  // namespace zeropoint
