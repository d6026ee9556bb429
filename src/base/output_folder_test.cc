#include "base/output_folder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string text(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::ptrdiff_t entries(const fs::path& folder) {
  return std::distance(fs::directory_iterator(folder), fs::directory_iterator());
}

std::string refusal(const fs::path& target, OutputFolder::Existing existing) {
  try {
    const OutputFolder folder(target, existing);
  } catch (const Error& error) {
    return error.message();
  }
  return "accepted";
}

TEST(OutputFolder, AppearsWhenItIsCommitted) {
  const TempFolder home;
  const fs::path target = home.path() / "out";
  {
    OutputFolder folder(home / "out/");  // a slash at the end is the same folder
    write(folder.path() / "a", "1");
    EXPECT_FALSE(fs::exists(target));
    folder.commit();
  }
  EXPECT_EQ(text(target / "a"), "1");
  EXPECT_EQ(entries(home.path()), 1);
}

TEST(OutputFolder, LeavesNothingBehindWithoutACommit) {
  const TempFolder home;
  {
    const OutputFolder folder(home.path() / "out");
    write(folder.path() / "a", "1");
  }
  EXPECT_EQ(entries(home.path()), 0);
}

TEST(OutputFolder, ReplacesAFolderOfFilesAsAWhole) {
  const TempFolder home;
  const fs::path target = home.path() / "out";
  fs::create_directory(target);
  write(target / "old", "0");
  {
    const OutputFolder folder(target, OutputFolder::Existing::replace);
    EXPECT_EQ(text(target / "old"), "0");
  }
  EXPECT_EQ(text(target / "old"), "0");  // not committed, not touched
  {
    OutputFolder folder(target, OutputFolder::Existing::replace);
    write(folder.path() / "new", "1");
    folder.commit();
  }
  EXPECT_FALSE(fs::exists(target / "old"));
  EXPECT_EQ(text(target / "new"), "1");
  EXPECT_EQ(entries(home.path()), 1);
}

TEST(OutputFolder, KeepsWhatAppearedInTheTargetMeanwhile) {
  const TempFolder home;
  const fs::path target = home.path() / "out";
  fs::create_directory(target);
  {
    OutputFolder folder(target);
    write(folder.path() / "new", "1");
    write(target / "notes", "mine");
    EXPECT_THROW(folder.commit(), Error);
  }
  EXPECT_EQ(text(target / "notes"), "mine");
  EXPECT_EQ(entries(home.path()), 1);
}

TEST(OutputFolder, RefusesWhatItMayNotReplace) {
  const TempFolder home;
  const fs::path target = home.path() / "out";
  fs::create_directory(target);
  EXPECT_EQ(refusal(target, OutputFolder::Existing::refuse), "accepted");  // empty
  write(target / "old", "0");
  EXPECT_EQ(refusal(target, OutputFolder::Existing::refuse), "exists and is not empty; give the name of a new folder");
  EXPECT_EQ(refusal(target, OutputFolder::Existing::replace), "accepted");
  fs::create_directory(target / "photos");
  EXPECT_EQ(refusal(target, OutputFolder::Existing::replace),
            "holds 'photos', which is no file: such a folder is not replaced; give the name of a new one");
  EXPECT_EQ(refusal(target / "old", OutputFolder::Existing::replace),
            "exists and is no folder; a folder is to be written here");
  EXPECT_EQ(refusal("/proc", OutputFolder::Existing::replace), "is a mount point; give the name of a new folder");
  EXPECT_EQ(refusal("/", OutputFolder::Existing::replace), "is a mount point; give the name of a new folder");
  EXPECT_EQ(refusal(".", OutputFolder::Existing::replace), "is the working folder; give the name of a new folder");
  EXPECT_EQ(refusal(home.path() / "none/out", OutputFolder::Existing::refuse),
            "cannot write here: No such file or directory");
}

}  // namespace
}  // namespace zeropoint
