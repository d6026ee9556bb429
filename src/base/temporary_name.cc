#include "base/temporary_name.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".tmp";

fs::path name_of(const fs::path& target, pid_t process) {
  fs::path name = target;
  name += "." + std::to_string(process);
  name += kEnding;
  return name;
}

/// The process in the name of a temporary of `target`.
std::optional<pid_t> process_of(const fs::path& name, const fs::path& target) {
  const std::string text = name.filename().string();
  const std::string beginning = target.filename().string() + ".";
  if (!text.starts_with(beginning) || !text.ends_with(kEnding)) return std::nullopt;
  pid_t process = 0;
  std::from_chars(text.data() + beginning.size(), text.data() + text.size(), process);
  const bool is_exact = process > 0 && name_of(target, process).filename() == name.filename();
  return is_exact ? std::optional(process) : std::nullopt;
}

/// A process that only now got this process's number back has left what is there, too.
bool is_gone(pid_t process) { return process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH); }

bool is_what_we_write(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (!fs::is_directory(status)) return fs::is_regular_file(status);
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_symlink(ignored) && !entry->is_regular_file(ignored)) return false;
  }
  return !error;
}

void remove_leftovers(const fs::path& target) {
  std::error_code error;
  std::vector<fs::path> leftovers;
  const fs::path home = target.has_parent_path() ? target.parent_path() : fs::path(".");
  for (fs::directory_iterator entry(home, error), end; !error && entry != end; entry.increment(error)) {
    const std::optional<pid_t> process = process_of(entry->path(), target);
    if (process && is_gone(*process) && is_what_we_write(entry->path())) leftovers.push_back(entry->path());
  }
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, error);
}

}  // namespace

fs::path temporary_name(const fs::path& target) {
  remove_leftovers(target);
  return name_of(target, ::getpid());
}

}  // namespace zeropoint
