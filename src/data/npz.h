// Reads .npz archives: zip files of .npy arrays, stored or deflated, zip64 included.
//
// The archive's directory is read once; arrays are read as streams. Every offset and length is
// checked against the file. Source: PKWARE APPNOTE.TXT 6.3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/array_reader.h"

namespace zeropoint {

class NpzFile {
 public:
  /// Throws io; invalid_data for a file that is no zip archive, damaged, encrypted or packed by other means than
  /// deflate.
  explicit NpzFile(const std::filesystem::path& path);

  /// The same from memory; `where` stands for the file in messages.
  NpzFile(Bytes bytes, std::string where);

  /// Array names (without ".npy") in the archive's order; members that are no arrays are left out.
  std::vector<std::string> names() const;
  bool has(std::string_view name) const { return find(name) != nullptr; }

  /// Throws invalid_data when there is no such array. Its `where` is "file.npz: array 'name'".
  ArrayReader open(std::string_view name) const;

 private:
  struct Entry {
    std::string name;
    std::uint16_t method = 0;
    std::uint32_t crc32 = 0;
    std::uint64_t packed_bytes = 0;
    std::uint64_t bytes = 0;
    std::uint64_t header_offset = 0;
  };
  const Entry* find(std::string_view name) const;
  void read_directory();
  Entry read_entry(std::uint64_t& position) const;
  std::span<const std::byte> packed(const Entry& entry) const;

  std::string where_;
  Bytes bytes_;
  std::vector<Entry> entries_;
};

}  // namespace zeropoint
