#include "base/output_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "base/fail.h"
#include "base/temporary_name.h"

namespace zeropoint {
namespace {

namespace fs = std::filesystem;

/// A rename would take these from under those who are there.
void require_movable(const fs::path& folder) {
  std::error_code error;
  if (fs::equivalent(folder, fs::current_path(error), error)) {
    fail(ErrorKind::invalid_option, folder.string(), "is the working folder; give the name of a new folder");
  }
  struct stat self {};
  struct stat parent {};
  const bool is_known = ::stat(folder.c_str(), &self) == 0 && ::stat((folder / "..").c_str(), &parent) == 0;
  if (is_known && (self.st_dev != parent.st_dev || self.st_ino == parent.st_ino)) {
    fail(ErrorKind::invalid_option, folder.string(), "is a mount point; give the name of a new folder");
  }
}

void require_replaceable_folder(const fs::path& target, OutputFolder::Existing existing) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(target, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) {
    fail(ErrorKind::invalid_option, target.string(), "exists and is no folder; a folder is to be written here");
  }
  require_movable(target);
  if (fs::is_empty(target, error)) return;
  if (existing == OutputFolder::Existing::refuse) {
    fail(ErrorKind::invalid_option, target.string(), "exists and is not empty; give the name of a new folder");
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(target)) {
    if (entry.is_symlink() || entry.is_regular_file()) continue;
    fail(ErrorKind::invalid_option, target.string(),
         "holds '{}', which is no file: such a folder is not replaced; give the name of a new one",
         entry.path().filename().string());
  }
}

// Files and folders alike. A file system that cannot do it has its reasons: only a file's failure is an error.
void sync(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(ErrorKind::io, path.string(), "cannot open: {}", std::strerror(errno));
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0 && !fs::is_directory(path)) {
    fail(ErrorKind::io, path.string(), "cannot sync: {}", std::strerror(error));
  }
}

void rename_or_fail(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    fail(ErrorKind::io, to.string(), "cannot put the folder in place: {}", std::strerror(errno));
  }
}

}  // namespace

OutputFolder::OutputFolder(const fs::path& target, Existing existing)
    : target_(target.has_filename() ? target : target.parent_path()), existing_(existing) {
  if (target_.empty()) fail(ErrorKind::invalid_option, "--output", "the name of the folder to write is empty");
  require_replaceable_folder(target_, existing);
  folder_ = temporary_name(target_);
  std::error_code error;
  fs::create_directory(folder_, error);
  if (error) fail(ErrorKind::io, target_.string(), "cannot write here: {}", error.message());
}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void OutputFolder::commit() {
  in_final_names([&] {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) sync(entry.path());
    sync(folder_);
  });
  require_replaceable_folder(target_, existing_);
  // An exchange leaves the old files under folder_, where the destructor removes them.
  if (::renameat2(AT_FDCWD, folder_.c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) != 0) {
    std::error_code error;
    if (fs::exists(target_, error) && !fs::is_empty(target_, error)) {
      fs::path old = folder_;
      old += ".old";
      rename_or_fail(target_, old);
      rename_or_fail(folder_, target_);
      fs::remove_all(old, error);
    } else {
      rename_or_fail(folder_, target_);
    }
  }
  sync(target_.has_parent_path() ? target_.parent_path() : fs::path("."));
}

}  // namespace zeropoint
