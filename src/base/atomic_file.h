// A file that appears whole or not at all: written beside its target, synced, then renamed.
//
// Dropped without commit() (an error, a full disk, Ctrl-C) it leaves the target as it was and
// removes its own temporary file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace zeropoint {

/// Throws io when `target` exists and is no regular file: a rename would replace a folder or a device.
void require_replaceable(const std::filesystem::path& target);

/// Throws io now where AtomicFile would later: asked before long work whose result is one file.
void require_writable(const std::filesystem::path& target);

class AtomicFile {
 public:
  /// Creates temporary_name(target), in the target's folder. Throws io.
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(std::span<const std::byte> bytes);  ///< Buffered. Throws io, for example on a full disk.
  void write(std::string_view text);
  std::uint64_t size() const { return size_; }  ///< bytes written so far

  /// Forces to disk what was written: for several files that must appear together. Throws io.
  void sync();

  /// Syncs to disk and renames over the target. Throws io.
  void commit();

 private:
  void flush();

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::string buffer_;
};

/// Writes a whole text file through AtomicFile.
void write_file_atomically(const std::filesystem::path& target, std::string_view text);

}  // namespace zeropoint
