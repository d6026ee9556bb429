#include "data/npz_writer.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>

#include "base/atomic_file.h"
#include "base/fail.h"
#include "data/npy_header.h"

namespace zeropoint {
namespace {

constexpr std::size_t kDataAlignment = 64;            // of an array's data in an .npy file
constexpr std::uint64_t kCrcPiece = 1U << 30U;        // zlib counts in 32 bits
constexpr std::uint16_t kVersion64 = 45;              // "needs zip64"
constexpr std::uint16_t kUtf8Names = 1U << 11U;       // general purpose flag
constexpr std::uint16_t kFirstDay = (1U << 5U) | 1U;  // 1980-01-01: no clock in an output file

/// Magic, version 1.0, length, dictionary, spaces up to the alignment, newline.
std::string npy_preamble(const Tensor& tensor) {
  std::string header = print_npy_header(tensor.dtype(), tensor.shape());
  constexpr std::size_t kFixed = 10;
  const std::size_t unpadded = kFixed + header.size() + 1;
  header.append((kDataAlignment - unpadded % kDataAlignment) % kDataAlignment, ' ');
  header += '\n';
  if (header.size() > 0xFFFF) fail(ErrorKind::unsupported, "npy", "shape {} is too long", to_string(tensor.shape()));
  std::string preamble("\x93NUMPY\x01\x00", 8);
  preamble += static_cast<char>(header.size() & 0xFFU);
  preamble += static_cast<char>(header.size() >> 8U);
  return preamble + header;
}

std::string_view data_of(const Tensor& tensor) { return {static_cast<const char*>(tensor.raw()), tensor.bytes()}; }

void write_array(AtomicFile& file, const Tensor& tensor) {
  file.write(npy_preamble(tensor));
  file.write(data_of(tensor));
}

std::uint32_t crc_of(uLong crc, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); i += kCrcPiece) {
    const std::string_view piece = text.substr(i, kCrcPiece);
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size()));
  }
  return static_cast<std::uint32_t>(crc);
}

void put(std::string& out, std::uint64_t value, int width) {
  for (int i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
}

struct Member {
  std::string name;
  std::uint32_t crc32 = 0;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;
};

/// The fields that local headers and directory entries share. Sizes always stand in the zip64 field.
void put_common(std::string& out, const Member& member, std::uint16_t extra_bytes) {
  put(out, kVersion64, 2);
  put(out, kUtf8Names, 2);
  put(out, 0, 2);  // stored
  put(out, 0, 2);  // midnight
  put(out, kFirstDay, 2);
  put(out, member.crc32, 4);
  put(out, 0xFFFFFFFF, 4);
  put(out, 0xFFFFFFFF, 4);
  put(out, member.name.size(), 2);
  put(out, extra_bytes, 2);
}

std::string local_header(const Member& member) {
  std::string out;
  put(out, 0x04034B50, 4);
  put_common(out, member, 20);
  out += member.name;
  put(out, 1, 2);  // zip64 field: size, packed size
  put(out, 16, 2);
  put(out, member.bytes, 8);
  put(out, member.bytes, 8);
  return out;
}

std::string directory_entry(const Member& member) {
  std::string out;
  put(out, 0x02014B50, 4);
  put(out, kVersion64, 2);  // made by
  put_common(out, member, 28);
  put(out, 0, 2);  // comment
  put(out, 0, 2);  // disk
  put(out, 0, 2);  // internal attributes
  put(out, 0, 4);  // external attributes
  put(out, 0xFFFFFFFF, 4);
  out += member.name;
  put(out, 1, 2);  // zip64 field: size, packed size, offset
  put(out, 24, 2);
  put(out, member.bytes, 8);
  put(out, member.bytes, 8);
  put(out, member.offset, 8);
  return out;
}

std::string end_of_directory(std::uint64_t entries, std::uint64_t bytes, std::uint64_t offset) {
  std::string out;
  const std::uint64_t end64 = offset + bytes;
  put(out, 0x06064B50, 4);
  put(out, 44, 8);  // the rest of this record
  put(out, kVersion64, 2);
  put(out, kVersion64, 2);
  put(out, 0, 4);
  put(out, 0, 4);
  put(out, entries, 8);
  put(out, entries, 8);
  put(out, bytes, 8);
  put(out, offset, 8);

  put(out, 0x07064B50, 4);  // where the zip64 record is
  put(out, 0, 4);
  put(out, end64, 8);
  put(out, 1, 4);

  put(out, 0x06054B50, 4);
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, std::min<std::uint64_t>(entries, 0xFFFF), 2);
  put(out, std::min<std::uint64_t>(entries, 0xFFFF), 2);
  put(out, std::min<std::uint64_t>(bytes, 0xFFFFFFFF), 4);
  put(out, 0xFFFFFFFF, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace

void save_npy(const Tensor& tensor, const std::filesystem::path& path) {
  AtomicFile file(path);
  write_array(file, tensor);
  file.commit();
}

void save_npz(std::span<const NamedTensor> tensors, const std::filesystem::path& path) {
  AtomicFile file(path);
  std::string directory;
  for (const NamedTensor& named : tensors) {
    const std::string preamble = npy_preamble(named.tensor);
    const std::string_view data = data_of(named.tensor);
    const Member member{.name = named.name + ".npy",
                        .crc32 = crc_of(crc_of(0, preamble), data),
                        .bytes = preamble.size() + data.size(),
                        .offset = file.size()};
    if (member.name.size() > 0xFFFF) fail(ErrorKind::unsupported, "npz", "a name has {} bytes", named.name.size());
    file.write(local_header(member));
    file.write(preamble);
    file.write(data);
    directory += directory_entry(member);
  }
  const std::uint64_t offset = file.size();
  file.write(directory);
  file.write(end_of_directory(tensors.size(), directory.size(), offset));
  file.commit();
}

}  // namespace zeropoint
