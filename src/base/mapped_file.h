// A file mapped read-only into memory; views into it stay valid while a shared_ptr to it lives.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace zeropoint {

/// Throws io in the words of MappedFile::open() when there is no such file or folder.
void require_exists(const std::filesystem::path& path);

class MappedFile {
 public:
  /// Throws io (missing, unreadable, a folder). An empty file gives an empty span.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }
  /// Gives the memory of a part of bytes() back to the system; reading it again takes it from the file again.
  void release(std::span<const std::byte> part) const;

  std::string_view text() const { return {static_cast<const char*>(data_), size_}; }

 private:
  MappedFile() = default;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace zeropoint
