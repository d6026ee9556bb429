#include "pipeline/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

TEST(Preflight, FreeDiskIsThatOfTheFolderAroundTheTarget) {
  const TempFolder home;
  EXPECT_GT(free_disk(home.path() / "out"), 0U);
  EXPECT_GT(free_disk(home.path() / "out/"), 0U);  // a folder that is still to be made
  EXPECT_THROW(free_disk(home.path() / "none/out"), Error);
}

TEST(Preflight, RefusesWhatTheDiskCannotHold) {
  try {
    require_resources({.output_bytes = 2'000'000, .free_disk = 1'000'000}, "out");
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_THAT(e.message(), HasSubstr("needs 2 MB of disk, 1 MB are free"));
  }
}

}  // namespace
}  // namespace zeropoint
