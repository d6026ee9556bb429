// A new file of known size whose parts are written at their places, in any order.
//
// Thread safety: write_at() may run on several threads for parts that do not overlap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace zeropoint {

class PlacedFile {
 public:
  /// Creates or empties the file and reserves its bytes, so that a full disk is known before long work. Throws io.
  PlacedFile(std::filesystem::path path, std::uint64_t size);
  ~PlacedFile();
  PlacedFile(PlacedFile&& other) noexcept;
  PlacedFile(const PlacedFile&) = delete;
  PlacedFile& operator=(const PlacedFile&) = delete;

  /// Within the size that was reserved. Throws io.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);

  /// Lets the system begin to write these bytes to disk, so that sync() has little left to do.
  void begin_sync(std::uint64_t offset, std::uint64_t size);

  /// Forces to disk what was written. Throws io.
  void sync();

 private:
  std::filesystem::path path_;
  std::uint64_t size_ = 0;
  int fd_ = -1;
};

}  // namespace zeropoint
