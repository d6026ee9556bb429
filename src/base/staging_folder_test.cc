#include "base/staging_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

class StagingFolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::temp_directory_path() / ("staging_" + std::to_string(::getpid()));
    fs::remove_all(home_);
    fs::create_directories(home_);
  }
  void TearDown() override { fs::remove_all(home_); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(home_), fs::directory_iterator()));
  }

  fs::path home_;
};

TEST_F(StagingFolderTest, CommitMovesEveryFile) {
  {
    StagingFolder staging(home_ / "model.onnx");
    write(staging.file(), "model");
    write(staging.file().parent_path() / "model.onnx.data", "weights");
    staging.commit();
  }
  EXPECT_EQ(read(home_ / "model.onnx"), "model");
  EXPECT_EQ(read(home_ / "model.onnx.data"), "weights");
  EXPECT_EQ(entries(), 2U);
}

TEST_F(StagingFolderTest, WithoutCommitTheTargetStaysAsItWas) {
  write(home_ / "model.onnx", "old");
  {
    StagingFolder staging(home_ / "model.onnx");
    write(staging.file(), "new");
  }
  EXPECT_EQ(read(home_ / "model.onnx"), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(StagingFolderTest, RefusesFoldersAndMissingFolders) {
  EXPECT_THROW(StagingFolder{home_}, Error);
  try {
    StagingFolder staging(home_ / "no" / "model.onnx");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::io);
    EXPECT_EQ(e.message(), "cannot write here: No such file or directory");
  }
}

}  // namespace
}  // namespace zeropoint
