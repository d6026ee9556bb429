// Runs the Python scripts beside these tests, which ask other programs' opinion of what zeropoint writes.
// ZEROPOINT_PYTHON names the interpreter (default: python3); a test is skipped where it lacks a module.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/temp_folder.h"

namespace zeropoint::testing {

struct PythonResult {
  int exit_code = -1;
  std::string output;  // both streams
};

inline PythonResult run_python(const std::vector<std::string>& arguments) {
  const char* named = std::getenv("ZEROPOINT_PYTHON");
  std::string command = named != nullptr ? named : "python3";
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  const TempFolder folder;
  const std::string log = folder / "log";
  command += " >'" + log + "' 2>&1";
  const int status = std::system(command.c_str());
  std::ifstream file(log);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, {std::istreambuf_iterator<char>(file), {}}};
}

/// A script of tests/interop.
inline std::string script(const std::string& name) {
  return std::string(ZEROPOINT_SOURCE_DIR) + "/tests/interop/" + name;
}

inline bool has_python_modules(const std::string& modules) {
  return run_python({"-c", "import " + modules}).exit_code == 0;
}

}  // namespace zeropoint::testing

#define ZEROPOINT_NEEDS_PYTHON(modules) \
  if (!zeropoint::testing::has_python_modules(modules)) GTEST_SKIP() << "skipped: Python has no modules " << (modules)
