#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
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
  if (options.is_interrupted) {
    ::alarm(static_cast<unsigned>(kPatience.count()));
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(126);
  }
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

bool is_there(const std::filesystem::path& start) {
  std::error_code none_yet;
  return std::ranges::any_of(std::filesystem::directory_iterator(start.parent_path(), none_yet),
                             [&](const auto& entry) { return entry.path().string().starts_with(start.string()); });
}

bool is_mapped(pid_t pid, const std::string& file) {
  return read_file("/proc/" + std::to_string(pid) + "/maps").find(file) != std::string::npos;
}

bool is_due(pid_t pid, const ProcessOptions& options) {
  return listens_for_interrupt(pid) && (options.interrupted_at.empty() || is_there(options.interrupted_at)) &&
         (options.interrupted_with.empty() || is_mapped(pid, options.interrupted_with));
}

/// Stops the program at each of its system calls until the time has come: it cannot run past it unseen.
void interrupt(pid_t pid, const ProcessOptions& options) {
  siginfo_t state;
  while (::waitid(P_PID, static_cast<id_t>(pid), &state, WEXITED | WSTOPPED | WNOWAIT) == 0) {
    if (state.si_code != CLD_TRAPPED) return ADD_FAILURE() << "the program ended before it was interrupted", void();
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (is_due(pid, options)) {
      ::ptrace(PTRACE_DETACH, pid, nullptr, SIGINT);
      return;
    }
    ::ptrace(PTRACE_SYSCALL, pid, nullptr, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
  }
}

int wait_for(pid_t pid) {
  const auto start = std::chrono::steady_clock::now();
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
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
  if (options.is_interrupted) interrupt(pid, options);
  result.exit_code = wait_for(pid);
  if (options.stdout_path.empty()) result.out = read_file(out);
  result.err = read_file(err);
  return result;
}

}  // namespace zeropoint::testing
