// The bytes of a file, or of an entry of an archive, taken front to back.
//
// Mapped bytes come as views, compressed ones are unpacked piece by piece. What was taken from a mapped
// file is given back to the system a little later, so that memory does not grow with the file.
// An entry's checksum is compared when its last byte was taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/mapped_file.h"

namespace zeropoint {

struct Bytes {
  std::span<const std::byte> view;
  std::shared_ptr<const void> owner = nullptr;  // keeps the view alive
  const MappedFile* file = nullptr;             // set where the view is a part of it
};

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual std::uint64_t remaining() const = 0;

  /// The next `count` bytes. Throws invalid_data naming the file when fewer remain or they are damaged.
  virtual Bytes take(std::uint64_t count) = 0;
};

/// `bytes` as they are. `crc32`: compared at the end when it is given.
std::unique_ptr<ByteSource> plain_bytes(Bytes bytes, std::string where, const std::uint32_t* crc32 = nullptr);

/// A raw deflate stream (RFC 1951) that unpacks to `size` bytes.
/// Throws invalid_data when `size` is more than deflate can make of so few bytes.
std::unique_ptr<ByteSource> inflated_bytes(Bytes packed, std::uint64_t size, std::uint32_t crc32, std::string where);

}  // namespace zeropoint
