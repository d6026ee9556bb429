#include "pipeline/preflight.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>

#include "base/fail.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// The number in a file of the system, or after a word in it; `otherwise` when there is none.
std::uint64_t number_in(const char* path, std::string_view after, std::uint64_t otherwise) {
  std::ifstream file(path);
  std::string word;
  while (!after.empty() && file >> word && word != after) {
  }
  std::uint64_t number = 0;
  return file >> number ? number : otherwise;
}

}  // namespace

std::uint64_t available_memory() {
  constexpr std::uint64_t kUnlimited = ~std::uint64_t{0};
  const std::uint64_t system = number_in("/proc/meminfo", "MemAvailable:", 0) * 1024;
  const std::uint64_t limit = number_in("/sys/fs/cgroup/memory.max", "", kUnlimited);
  const std::uint64_t held = number_in("/sys/fs/cgroup/memory.current", "", 0);
  const std::uint64_t cache = number_in("/sys/fs/cgroup/memory.stat", "inactive_file", 0);  // given up when wanted
  const std::uint64_t used = held - std::min(held, cache);
  if (limit == kUnlimited) return system;
  const std::uint64_t left = limit > used ? limit - used : 1;
  return system == 0 ? left : std::min(system, left);
}

std::uint64_t free_disk(const fs::path& target) {
  const fs::path whole = fs::absolute(target);
  const fs::path folder = whole.has_filename() ? whole.parent_path() : whole.parent_path().parent_path();  // "out/"
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error) fail(ErrorKind::io, target.string(), "cannot write here: {}", error.message());
  return space.available;
}

std::uint64_t disk_bytes(const Preflight& p) { return p.output_bytes + p.journal_bytes; }

void require_resources(const Preflight& p, const fs::path& target) {
  if (disk_bytes(p) > p.free_disk) {
    fail(ErrorKind::io, target.string(), "needs {} of disk, {} are free; --force goes on all the same",
         bytes_text(disk_bytes(p)), bytes_text(p.free_disk));
  }
  if (p.available_memory != 0 && p.peak_memory > p.available_memory) {
    fail(ErrorKind::io, target.string(), "needs {} of memory, {} are available; --force goes on all the same",
         bytes_text(p.peak_memory), bytes_text(p.available_memory));
  }
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr double kStep = 1000;
  const char* units[] = {"bytes", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= kStep && unit + 1 < std::size(units)) {
    value /= kStep;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.3g} {}", value, units[unit]);
}

}  // namespace zeropoint
