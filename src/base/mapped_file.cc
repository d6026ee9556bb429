#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/fail.h"

namespace zeropoint {

void require_exists(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    fail(ErrorKind::io, path.string(), "cannot open: {}", std::strerror(error ? error.value() : ENOENT));
  }
}

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(ErrorKind::io, path.string(), "cannot open: {}", std::strerror(errno));
  struct FdCloser {
    int fd;
    ~FdCloser() { ::close(fd); }
  } closer{fd};
  struct stat st {};
  if (::fstat(fd, &st) != 0) fail(ErrorKind::io, path.string(), "cannot stat: {}", std::strerror(errno));
  if (S_ISDIR(st.st_mode)) fail(ErrorKind::io, path.string(), "is a folder, a file is wanted");
  if (!S_ISREG(st.st_mode)) fail(ErrorKind::io, path.string(), "is not a regular file");

  const std::shared_ptr<MappedFile> file(new MappedFile);
  file->size_ = static_cast<std::size_t>(st.st_size);
  if (file->size_ == 0) return file;
  void* data = ::mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) {
    file->size_ = 0;
    fail(ErrorKind::io, path.string(), "cannot map: {}", std::strerror(errno));
  }
  file->data_ = data;
  return file;
}

void MappedFile::release(std::span<const std::byte> part) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = (static_cast<std::size_t>(part.data() - bytes().data()) + page - 1) / page * page;
  const std::size_t end = (static_cast<std::size_t>(part.data() - bytes().data()) + part.size()) / page * page;
  if (begin < end) ::madvise(static_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace zeropoint
