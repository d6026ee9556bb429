#include "pipeline/preflight.h"

#include <gtest/gtest.h>

#include "support/temp_folder.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using testing::TempFolder;

TEST(Preflight, FreeDiskIsThatOfTheFolderAroundTheTarget) {
  const TempFolder home;
  EXPECT_GT(free_disk(home.path() / "out"), 0U);
  EXPECT_GT(free_disk(home.path() / "out/"), 0U);  // a folder that is still to be made
  EXPECT_THROW(free_disk(home.path() / "none/out"), Error);
}

std::string refusal(const Preflight& preflight) {
  try {
    require_resources(preflight, "out");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(Preflight, RefusesWhatTheDiskCannotHold) {
  EXPECT_EQ(refusal({.output_bytes = 2'000'000, .free_disk = 1'000'000}),
            "out: needs 2 MB of disk, 1 MB are free; --force goes on all the same");
  EXPECT_EQ(refusal({.output_bytes = 2'000'000, .journal_bytes = 500'000, .free_disk = 2'200'000}),
            "out: needs 2.5 MB of disk, 2.2 MB are free; --force goes on all the same");
  EXPECT_EQ(refusal({.output_bytes = 2'000'000, .free_disk = 2'000'000}), "");
}

TEST(Preflight, RefusesWhatTheMemoryCannotHold) {
  EXPECT_EQ(refusal({.peak_memory = 3'000'000'000, .available_memory = 2'500'000'000}),
            "out: needs 3 GB of memory, 2.5 GB are available; --force goes on all the same");
  EXPECT_EQ(refusal({.peak_memory = 3, .available_memory = 3}), "");
  EXPECT_EQ(refusal({.peak_memory = 3'000'000'000, .available_memory = 0}), "") << "not known";
}

TEST(Preflight, KnowsTheMemoryOfThisMachine) {
  EXPECT_GT(available_memory(), 1'000'000U);
  EXPECT_LT(available_memory(), std::uint64_t{1} << 50);
}

}  // namespace
}  // namespace zeropoint
