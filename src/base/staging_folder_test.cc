#include "base/staging_folder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temp_folder.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

TEST(StagingFolder, CountsAllFilesAndMovesThemTogether) {
  const testing::TempFolder folder;
  StagingFolder staging(folder / "m.onnx");
  std::ofstream(staging.file()) << "model";
  std::ofstream(staging.file().string() + ".data") << "weights";
  EXPECT_EQ(staging.bytes(), 12U);
  EXPECT_FALSE(fs::exists(folder / "m.onnx"));
  staging.commit();
  EXPECT_EQ(fs::file_size(folder / "m.onnx"), 5U);
  EXPECT_EQ(fs::file_size(folder / "m.onnx.data"), 7U);
}

TEST(StagingFolder, WithoutCommitNothingAppears) {
  const testing::TempFolder folder;
  {
    const StagingFolder staging(folder / "m.onnx");
    std::ofstream(staging.file()) << "model";
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace zeropoint
