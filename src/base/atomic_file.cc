#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <utility>

#include "base/fail.h"
#include "base/temporary_name.h"

namespace zeropoint {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

void write_all(int fd, const char* data, std::size_t size, const std::filesystem::path& path) {
  while (size > 0) {
    const ssize_t n = ::write(fd, data, size);
    if (n < 0) {
      if (errno == EINTR) continue;
      fail(ErrorKind::io, path.string(), "cannot write: {}", std::strerror(errno));
    }
    data += n;
    size -= static_cast<std::size_t>(n);
  }
}

}  // namespace

void require_replaceable(const std::filesystem::path& target) {
  if (target.empty()) fail(ErrorKind::invalid_option, "--output", "the name of the file to write is empty");
  std::error_code ignored;
  const auto status = std::filesystem::status(target, ignored);
  if (std::filesystem::is_directory(status)) {
    fail(ErrorKind::io, target.string(), "is a folder; give the name of a file to write");
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    fail(ErrorKind::io, target.string(), "is not a regular file and cannot be replaced");
  }
}

void require_writable(const std::filesystem::path& target) { const AtomicFile trial(target); }

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  require_replaceable(target_);
  temporary_ = temporary_name(target_);
  fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) fail(ErrorKind::io, target_.string(), "cannot create: {}", std::strerror(errno));
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::write(std::string_view text) {
  size_ += text.size();
  if (buffer_.size() + text.size() < kBufferBytes) {
    buffer_ += text;
    return;
  }
  flush();
  write_all(fd_, text.data(), text.size(), target_);
}

void AtomicFile::flush() {
  write_all(fd_, buffer_.data(), buffer_.size(), target_);
  buffer_.clear();
}

void AtomicFile::sync() {
  flush();
  if (::fsync(fd_) != 0) fail(ErrorKind::io, target_.string(), "cannot sync: {}", std::strerror(errno));
}

void AtomicFile::commit() {
  sync();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) {
    fail(ErrorKind::io, target_.string(), "cannot rename into place: {}", std::strerror(errno));
  }
  ::close(fd_);
  fd_ = -1;
}

void write_file_atomically(const std::filesystem::path& target, std::string_view text) {
  AtomicFile file(target);
  file.write(text);
  file.commit();
}

}  // namespace zeropoint
