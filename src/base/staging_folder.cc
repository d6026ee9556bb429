#include "base/staging_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "base/atomic_file.h"
#include "base/fail.h"
#include "base/temporary_name.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

void rename_or_fail(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) fail(ErrorKind::io, to.string(), "cannot put the file in place: {}", error.message());
}

// Makes renames in the folder durable. A file system that cannot do it has its reasons: not an error.
void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

StagingFolder::StagingFolder(fs::path target) : target_(std::move(target)) {
  require_replaceable(target_);
  folder_ = temporary_name(target_);
  std::error_code error;
  fs::create_directory(folder_, error);
  if (error) fail(ErrorKind::io, target_.string(), "cannot write here: {}", error.message());
}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::uintmax_t StagingFolder::bytes() const {
  std::uintmax_t sum = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) sum += entry.file_size();
  return sum;
}

void StagingFolder::commit() {
  const fs::path home = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename() != target_.filename()) rename_or_fail(entry.path(), home / entry.path().filename());
  }
  rename_or_fail(file(), target_);
  sync_folder(home);
}

}  // namespace zeropoint
