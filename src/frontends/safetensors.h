// One safetensors file: a header that names tensors, then their elements, which are read in place.
//
// The bytes are taken as hostile: every tensor must have as many bytes as its type and shape want, tensors must lie
// side by side without holes or overlaps, and the last one must end where the file ends.
// Thread safety: read-only after construction.
// Source: safetensors, README "Format" and `Metadata::validate`.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/mapped_file.h"
#include "frontends/safetensors_header.h"

namespace zeropoint {

class SafetensorsFile {
 public:
  /// Maps the file and reads its header. Throws io, invalid_model or unsupported naming file and tensor.
  static SafetensorsFile open(const std::filesystem::path& path);

  /// The same over bytes that `owner` keeps alive.
  SafetensorsFile(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string where);

  const std::string& where() const { return where_; }
  std::span<const SafetensorsEntry> tensors() const { return header_.tensors; }  ///< In the order of their elements.
  std::span<const std::pair<std::string, std::string>> metadata() const { return header_.metadata; }

  /// A view; the file stays mapped while it lives.
  Tensor read(const SafetensorsEntry& tensor) const;

  /// Lets the system take back the memory of a tensor's pages; no effect where the file is not mapped.
  void release(const SafetensorsEntry& tensor) const;

 private:
  void check_places() const;

  std::string where_;
  std::shared_ptr<const void> owner_;
  std::shared_ptr<const MappedFile> file_;  // null for bytes of the caller's
  SafetensorsHeader header_;
  std::span<const std::byte> data_;
};

}  // namespace zeropoint
