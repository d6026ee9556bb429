#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  testing::TempFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(AtomicFileTest, AppearsWholeAtCommit) {
  const fs::path target = folder_ / "a";
  AtomicFile file(target);
  file.write("one ");
  file.write(std::string(3 << 20, 'x'));  // more than the buffer
  EXPECT_FALSE(fs::exists(target));
  file.commit();
  EXPECT_EQ(read(target).size(), 4U + (3U << 20));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(AtomicFileTest, DroppedItLeavesTheTargetAsItWas) {
  const fs::path target = folder_ / "a";
  write_file_atomically(target, "old");
  {
    AtomicFile file(target);
    file.write("new");
  }
  EXPECT_EQ(read(target), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), {}), 1);
}

TEST_F(AtomicFileTest, ReplacesNeitherFoldersNorDevices) {
  try {
    AtomicFile file("/dev/full");
    FAIL() << "a device was taken for a file";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/dev/full: is not a regular file and cannot be replaced");
  }
  EXPECT_THROW(AtomicFile{folder_}, Error);
  EXPECT_THROW(AtomicFile{folder_ / "missing" / "a"}, Error);
}

}  // namespace
}  // namespace zeropoint
