#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "support/temp_folder.h"

namespace zeropoint::testing {
namespace {

constexpr std::chrono::seconds kPatience{60};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

[[noreturn]] void become(const std::vector<std::string>& arguments, const ProcessOptions& options,
                         const std::string& out, const std::string& err) {
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ::dup2(out_fd, STDOUT_FILENO);
  ::dup2(err_fd, STDERR_FILENO);
  if (options.file_bytes_limit >= 0) {
    const auto bytes = static_cast<rlim_t>(options.file_bytes_limit);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<char*> argv{const_cast<char*>(ZEROPOINT_BINARY)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execv(ZEROPOINT_BINARY, argv.data());
  ::_exit(127);
}

/// Whether the process has a handler for SIGINT: bit SIGINT - 1 of the mask that /proc shows.
bool listens_for_interrupt(pid_t pid) {
  std::istringstream status(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("SigCgt:")) continue;
    return (std::stoull(line.substr(7), nullptr, 16) >> (SIGINT - 1) & 1U) != 0;
  }
  return false;
}

int wait_for(pid_t pid, const ProcessOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  bool is_sent = false;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    const bool is_there = options.interrupted_at.empty() || std::filesystem::exists(options.interrupted_at);
    if (options.is_interrupted && !is_sent && is_there && listens_for_interrupt(pid)) {
      ::kill(pid, SIGINT);
      is_sent = true;
    }
    if (std::chrono::steady_clock::now() - start > kPatience) {
      ADD_FAILURE() << "the program does not end";
      ::kill(pid, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ProcessResult run_zeropoint(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  const TempFolder folder;
  const std::string out = options.stdout_path.empty() ? folder / "out" : options.stdout_path;
  const std::string err = folder / "err";
  const pid_t pid = ::fork();
  if (pid == 0) become(arguments, options, out, err);
  ProcessResult result;
  result.exit_code = wait_for(pid, options);
  if (options.stdout_path.empty()) result.out = read_file(out);
  result.err = read_file(err);
  return result;
}

}  // namespace zeropoint::testing
