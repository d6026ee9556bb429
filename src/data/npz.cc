#include "data/npz.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/fail.h"
#include "base/mapped_file.h"

namespace zeropoint {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034B50;
constexpr std::uint32_t kDirectoryEntry = 0x02014B50;
constexpr std::uint32_t kEndOfDirectory = 0x06054B50;
constexpr std::uint32_t kZip64Locator = 0x07064B50;
constexpr std::uint32_t kZip64End = 0x06064B50;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kLocatorBytes = 20;
constexpr std::size_t kMaxCommentBytes = 0xFFFF;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint16_t kEncryptedFlag = 1;
constexpr std::uint16_t kZip64Extra = 1;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;  // "the real number is in the zip64 field"
constexpr std::string_view kSuffix = ".npy";

/// Fields of a zip structure: little-endian integers at byte offsets, bounds-checked.
class Fields {
 public:
  Fields(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::uint64_t get(std::uint64_t offset, std::size_t width) const {
    const std::span<const std::byte> field = slice(offset, width);
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(field[i]);
    return value;
  }
  std::uint16_t u16(std::uint64_t offset) const { return static_cast<std::uint16_t>(get(offset, 2)); }
  std::uint32_t u32(std::uint64_t offset) const { return static_cast<std::uint32_t>(get(offset, 4)); }
  std::uint64_t u64(std::uint64_t offset) const { return get(offset, 8); }

  std::span<const std::byte> slice(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      fail(ErrorKind::invalid_data, where_, "is a damaged zip archive: bytes {} to {} of {} are wanted", offset,
           offset + size, bytes_.size());
    }
    return bytes_.subspan(offset, size);
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& where_;
};

struct Directory {
  std::uint64_t offset;
  std::uint64_t entries;
};

Directory find_directory(std::span<const std::byte> bytes, const std::string& where) {
  const Fields zip(bytes, where);
  if (bytes.size() >= kEndBytes) {
    const std::uint64_t last = bytes.size() - kEndBytes;
    const std::uint64_t first = last > kMaxCommentBytes ? last - kMaxCommentBytes : 0;
    for (std::uint64_t end = last + 1; end-- > first;) {
      if (zip.u32(end) != kEndOfDirectory) continue;
      if (end >= kLocatorBytes && zip.u32(end - kLocatorBytes) == kZip64Locator) {
        const std::uint64_t end64 = zip.u64(end - kLocatorBytes + 8);
        if (zip.u32(end64) != kZip64End) fail(ErrorKind::invalid_data, where, "is a damaged zip64 archive");
        return {.offset = zip.u64(end64 + 48), .entries = zip.u64(end64 + 32)};
      }
      return {.offset = zip.u32(end + 16), .entries = zip.u16(end + 10)};
    }
  }
  fail(ErrorKind::invalid_data, where, "is not an npz file: no zip directory at its end");
}

}  // namespace

NpzFile::NpzFile(const std::filesystem::path& path) : where_(path.string()) {
  const auto file = MappedFile::open(path);
  bytes_ = {file->bytes(), file, file.get()};
  read_directory();
}

NpzFile::NpzFile(Bytes bytes, std::string where) : where_(std::move(where)), bytes_(std::move(bytes)) {
  read_directory();
}

void NpzFile::read_directory() {
  const Directory directory = find_directory(bytes_.view, where_);
  std::uint64_t position = directory.offset;
  std::set<std::string, std::less<>> seen;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {  // each step moves on by 46 bytes or fails
    Entry entry = read_entry(position);
    if (!entry.name.ends_with(kSuffix)) continue;
    entry.name.resize(entry.name.size() - kSuffix.size());
    if (!seen.insert(entry.name).second) {
      fail(ErrorKind::invalid_data, where_, "holds the array '{}' twice", entry.name);
    }
    entries_.push_back(std::move(entry));
  }
}

NpzFile::Entry NpzFile::read_entry(std::uint64_t& position) const {
  const Fields zip(bytes_.view, where_);
  if (zip.u32(position) != kDirectoryEntry) {
    fail(ErrorKind::invalid_data, where_, "is a damaged zip archive: no directory entry at byte {}", position);
  }
  const std::uint16_t flags = zip.u16(position + 8);
  const std::uint16_t name_bytes = zip.u16(position + 28);
  const std::uint16_t extra_bytes = zip.u16(position + 30);
  const std::uint16_t comment_bytes = zip.u16(position + 32);
  const auto name = zip.slice(position + 46, name_bytes);
  Entry entry{.name = {reinterpret_cast<const char*>(name.data()), name.size()},
              .method = zip.u16(position + 10),
              .crc32 = zip.u32(position + 16),
              .packed_bytes = zip.u32(position + 20),
              .bytes = zip.u32(position + 24),
              .header_offset = zip.u32(position + 42)};

  // The zip64 field holds, in this order, those numbers that did not fit.
  const Fields extra(zip.slice(position + 46 + name_bytes, extra_bytes), where_);
  for (std::uint64_t at = 0; at + 4 <= extra_bytes; at += 4 + extra.u16(at + 2)) {
    if (extra.u16(at) != kZip64Extra) continue;
    std::uint64_t number = at + 4;
    for (std::uint64_t* value : {&entry.bytes, &entry.packed_bytes, &entry.header_offset}) {
      if (*value != kIn64) continue;
      *value = extra.u64(number);
      number += 8;
    }
  }
  position += 46U + name_bytes + extra_bytes + comment_bytes;

  if (!entry.name.ends_with(kSuffix)) return entry;
  if ((flags & kEncryptedFlag) != 0) fail(ErrorKind::invalid_data, where_, "'{}' is encrypted", entry.name);
  if (entry.method != kStored && entry.method != kDeflated) {
    fail(ErrorKind::invalid_data, where_, "'{}' is packed by zip method {}; stored and deflate are read", entry.name,
         entry.method);
  }
  if (entry.method == kStored && entry.bytes != entry.packed_bytes) {
    fail(ErrorKind::invalid_data, where_, "'{}' is stored, but its sizes {} and {} differ", entry.name, entry.bytes,
         entry.packed_bytes);
  }
  return entry;
}

std::span<const std::byte> NpzFile::packed(const Entry& entry) const {
  const Fields zip(bytes_.view, where_);
  if (zip.u32(entry.header_offset) != kLocalHeader) {
    fail(ErrorKind::invalid_data, where_, "is a damaged zip archive: no member at byte {}", entry.header_offset);
  }
  const std::uint64_t start =
      entry.header_offset + 30 + zip.u16(entry.header_offset + 26) + zip.u16(entry.header_offset + 28);
  return zip.slice(start, entry.packed_bytes);
}

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) names.push_back(entry.name);
  return names;
}

const NpzFile::Entry* NpzFile::find(std::string_view name) const {
  const auto at = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.name == name; });
  return at == entries_.end() ? nullptr : &*at;
}

ArrayReader NpzFile::open(std::string_view name) const {
  const Entry* entry = find(name);
  if (entry == nullptr) fail(ErrorKind::invalid_data, where_, "holds no array '{}'", name);
  std::string where = fmt::format("{}: array '{}'", where_, name);
  const Bytes bytes{packed(*entry), bytes_.owner, bytes_.file};
  if (entry->method == kStored) return {plain_bytes(bytes, where, &entry->crc32), where};
  return {inflated_bytes(bytes, entry->bytes, entry->crc32, where), where};
}

}  // namespace zeropoint
