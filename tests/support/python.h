// A Python interpreter for tests against other tools: $ZEROPOINT_PYTHON, by default python3.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace zeropoint::testing {

inline std::string python() {
  const char* given = std::getenv("ZEROPOINT_PYTHON");
  return given != nullptr ? given : "python3";
}

inline bool python_has(std::string_view package) {
  return std::system(fmt::format("{} -c 'import {}' >/dev/null 2>&1", python(), package).c_str()) == 0;
}

}  // namespace zeropoint::testing

/// Skips the test, saying so, where Python lacks the package.
#define ZEROPOINT_NEEDS_PYTHON(package)         \
  if (!zeropoint::testing::python_has(package)) \
  GTEST_SKIP() << "skipped: no Python with " << (package) << " (set ZEROPOINT_PYTHON)"
