// Runs the program as a user does and keeps what it prints.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace zeropoint::testing {

struct ProcessOptions {
  long file_bytes_limit = -1;    // a write beyond it fails, as on a full disk
  std::string stdout_path;       // instead of being kept
  bool is_interrupted = false;   // Ctrl-C at the first system call after the program listens for it,
  std::string interrupted_at;    // and a file whose path begins so exists,
  std::string interrupted_with;  // and it has this file mapped, where they are named
};

struct ProcessResult {
  int exit_code = -1;  // 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// Ends it after a minute, as a failure.
ProcessResult run_zeropoint(const std::vector<std::string>& arguments, const ProcessOptions& options = {});

}  // namespace zeropoint::testing
