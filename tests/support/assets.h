// Where the real networks and labelled data of tests and measurements are: the folder that the
// environment variable ZEROPOINT_ASSETS names, by default ../shared beside the project.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace zeropoint::testing {

inline std::filesystem::path assets() {
  const char* folder = std::getenv("ZEROPOINT_ASSETS");
  return folder != nullptr ? std::filesystem::path(folder)
                           : std::filesystem::path(ZEROPOINT_SOURCE_DIR).parent_path() / "shared";
}

}  // namespace zeropoint::testing

/// Skips the test, saying so, where the file is missing.
#define ZEROPOINT_NEEDS_ASSET(relative)                                    \
  if (!std::filesystem::exists(zeropoint::testing::assets() / (relative))) \
  GTEST_SKIP() << "skipped: no assets (" << (relative) << ")"
