#include "base/placed_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/fail.h"

namespace zeropoint {

PlacedFile::PlacedFile(std::filesystem::path path, std::uint64_t size) : path_(std::move(path)), size_(size) {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) fail(ErrorKind::io, path_.string(), "cannot create: {}", std::strerror(errno));
  if (size == 0 || ::fallocate(fd_, 0, 0, static_cast<off_t>(size)) == 0) return;
  // Not every file system can reserve; then a full disk shows when it is full.
  int error = errno;
  if (error == EOPNOTSUPP || error == ENOSYS) error = ::ftruncate(fd_, static_cast<off_t>(size)) == 0 ? 0 : errno;
  if (error == 0) return;
  ::close(fd_);
  ::unlink(path_.c_str());
  fail(ErrorKind::io, path_.string(), "cannot reserve {} bytes: {}", size, std::strerror(error));
}

PlacedFile::~PlacedFile() {
  if (fd_ >= 0) ::close(fd_);
}

PlacedFile::PlacedFile(PlacedFile&& other) noexcept
    : path_(std::move(other.path_)), size_(other.size_), fd_(std::exchange(other.fd_, -1)) {}

void PlacedFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (offset > size_ || bytes.size() > size_ - offset) {
    fail(ErrorKind::internal, path_.string(), "bytes {} to {} of {}", offset, offset + bytes.size(), size_);
  }
  const std::byte* data = bytes.data();
  std::size_t left = bytes.size();
  auto at = static_cast<off_t>(offset);
  while (left > 0) {
    const ssize_t n = ::pwrite(fd_, data, left, at);
    if (n < 0) {
      if (errno == EINTR) continue;
      fail(ErrorKind::io, path_.string(), "cannot write: {}", std::strerror(errno));
    }
    data += n;
    at += n;
    left -= static_cast<std::size_t>(n);
  }
}

void PlacedFile::begin_sync(std::uint64_t offset, std::uint64_t size) {
  ::sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(size), SYNC_FILE_RANGE_WRITE);  // may fail
}

void PlacedFile::sync() {
  if (::fsync(fd_) != 0) fail(ErrorKind::io, path_.string(), "cannot sync: {}", std::strerror(errno));
}

}  // namespace zeropoint
