#include "frontends/gguf.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "frontends/context.h"

namespace zeropoint {
namespace {

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kOldestVersion = 2;
constexpr std::uint32_t kNewestVersion = 3;
constexpr std::size_t kLeastFieldBytes = 8 + 4 + 1;       // key's length, kind, value
constexpr std::size_t kLeastTensorBytes = 8 + 4 + 4 + 8;  // name's length, rank, type, offset
constexpr std::uint32_t kMaxRank = 4;

/// Takes numbers and strings off the front of the header.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::string_view take(std::uint64_t count) {
    if (count > left()) fail_here("is cut off: {} bytes are wanted, {} are left", count, left());
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + position_, count);
    position_ += count;
    return text;
  }

  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view string() { return take(number<std::uint64_t>()); }

  /// A count of things that take at least `least_bytes` each.
  std::uint64_t count(std::size_t least_bytes, std::string_view what) {
    const auto n = number<std::uint64_t>();
    if (n > left() / least_bytes) fail_here("is cut off: {} {} do not fit in {} bytes", n, what, left());
    return n;
  }

  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return bytes_.size() - position_; }

 private:
  std::span<const std::byte> bytes_;
  std::uint64_t position_ = 0;
};

std::string name_of(std::string_view text, std::unordered_set<std::string>& seen, std::string_view what) {
  require_utf8(text);
  std::string name(text);
  if (!seen.insert(name).second) fail_here("{} '{}' is there twice", what, name);
  return name;
}

GgufKind read_kind(Cursor& cursor) {
  const auto number = cursor.number<std::uint32_t>();
  if (number >= kGgufKinds) fail_here("{} is no kind of value", number);
  return static_cast<GgufKind>(number);
}

void read_value(Cursor& cursor, GgufField& field) {
  field.kind = read_kind(cursor);
  if (field.kind == GgufKind::array) {
    field.is_array = true;
    field.kind = read_kind(cursor);
    if (field.kind == GgufKind::array) throw Error(ErrorKind::unsupported, "", "arrays of arrays are not read");
    field.count = cursor.count(field.kind == GgufKind::string ? 8 : width(field.kind), "elements");
  }
  if (field.kind != GgufKind::string) {
    field.payload = cursor.take(field.count * width(field.kind));
    return;
  }
  Cursor ahead = cursor;
  for (std::uint64_t i = 0; i < field.count; ++i) ahead.string();
  field.payload = cursor.take(ahead.position() - cursor.position());
}

GgufField read_field(Cursor& cursor, std::unordered_set<std::string>& seen) {
  GgufField field{.key = name_of(cursor.string(), seen, "key")};
  within([&] { return fmt::format("key '{}'", field.key); }, [&] { read_value(cursor, field); });
  return field;
}

void read_layout(Cursor& cursor, GgufTensor& tensor) {
  const auto rank = cursor.number<std::uint32_t>();
  if (rank > kMaxRank) fail_here("{} dimensions, at most {} are allowed", rank, kMaxRank);
  for (std::uint32_t i = 0; i < rank; ++i) {
    const auto dim = cursor.number<std::uint64_t>();
    if (dim > INT64_MAX) fail_here("dimension {} is too large", dim);
    tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(dim));
  }
  const auto type = cursor.number<std::uint32_t>();
  tensor.type = find_gguf_tensor_type(type);
  if (tensor.type == nullptr) throw Error(ErrorKind::unsupported, "", fmt::format("type {} is not known", type));
  tensor.offset = cursor.number<std::uint64_t>();

  const std::int64_t columns = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (columns % tensor.type->block_size != 0) {
    fail_here("rows of {} values, {} wants a multiple of {}", columns, tensor.type->name, tensor.type->block_size);
  }
  const auto blocks = static_cast<std::uint64_t>(element_count(tensor.shape) / tensor.type->block_size);
  if (__builtin_mul_overflow(blocks, tensor.type->block_bytes, &tensor.bytes)) fail_here("is too large");
}

GgufTensor read_tensor(Cursor& cursor, std::unordered_set<std::string>& seen) {
  GgufTensor tensor{.name = name_of(cursor.string(), seen, "tensor")};
  within([&] { return fmt::format("tensor '{}'", tensor.name); }, [&] { read_layout(cursor, tensor); });
  return tensor;
}

std::uint32_t read_version(Cursor& cursor) {
  if (cursor.left() < kMagic.size() || cursor.take(kMagic.size()) != kMagic) {
    fail_here("is not a GGUF file: it does not start with '{}'", kMagic);
  }
  const auto version = cursor.number<std::uint32_t>();
  if (version >= kOldestVersion && version <= kNewestVersion) return version;
  const bool is_big_endian = __builtin_bswap32(version) <= kNewestVersion && version > UINT16_MAX;
  throw Error(ErrorKind::unsupported, "",
              is_big_endian ? std::string("is a big-endian GGUF file; little-endian ones are read")
                            : fmt::format("is GGUF version {}; versions {} and {} are read", version, kOldestVersion,
                                          kNewestVersion));
}

std::uint64_t alignment_of(std::span<const GgufField> fields) {
  const GgufField* field = find_field(fields, "general.alignment");
  if (field == nullptr) return kGgufDefaultAlignment;
  const std::int64_t alignment = as_integer(*field).value_or(0);
  if (alignment <= 0 || !std::has_single_bit(static_cast<std::uint64_t>(alignment))) {
    fail_here("key 'general.alignment': a power of two is wanted");
  }
  return static_cast<std::uint64_t>(alignment);
}

}  // namespace

GgufFile GgufFile::open(const std::filesystem::path& path) {
  const auto mapped = MappedFile::open(path);
  GgufFile file(mapped->bytes(), mapped, path.string());
  file.file_ = mapped;
  return file;
}

GgufFile::GgufFile(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string where)
    : where_(std::move(where)), owner_(std::move(owner)) {
  within_file(where_, [&] {
    Cursor cursor(bytes);
    version_ = read_version(cursor);
    const std::uint64_t tensors = cursor.count(1, "tensors");
    const std::uint64_t fields = cursor.count(kLeastFieldBytes, "metadata entries");
    std::unordered_set<std::string> keys;
    for (std::uint64_t i = 0; i < fields; ++i) fields_.push_back(read_field(cursor, keys));
    if (tensors > cursor.left() / kLeastTensorBytes) {
      fail_here("is cut off: {} tensors are not described in {} bytes", tensors, cursor.left());
    }
    std::unordered_set<std::string> names;
    for (std::uint64_t i = 0; i < tensors; ++i) tensors_.push_back(read_tensor(cursor, names));

    const std::uint64_t alignment = alignment_of(fields_);
    const std::uint64_t padding = (alignment - cursor.position() % alignment) % alignment;
    data_ = bytes.subspan(cursor.position() + std::min(padding, cursor.left()));
    check_places(alignment);
  });
}

void GgufFile::check_places(std::uint64_t alignment) const {
  std::vector<const GgufTensor*> by_place;
  for (const GgufTensor& tensor : tensors_) by_place.push_back(&tensor);
  std::ranges::stable_sort(by_place, {}, [](const GgufTensor* t) { return std::pair(t->offset, t->bytes); });
  std::uint64_t end = 0;
  for (const GgufTensor* tensor : by_place) {
    within([&] { return fmt::format("tensor '{}'", tensor->name); },
           [&] {
             if (tensor->offset % alignment != 0) {
               fail_here("starts at byte {} of the data, which is no multiple of {}", tensor->offset, alignment);
             }
             if (tensor->offset > data_.size() || tensor->bytes > data_.size() - tensor->offset) {
               fail_here("is cut off: {} bytes at byte {} of the data, which has {}", tensor->bytes, tensor->offset,
                         data_.size());
             }
             if (tensor->offset < end) fail_here("starts at byte {} of the data, inside of another", tensor->offset);
           });
    end = tensor->offset + tensor->bytes;
  }
}

void GgufFile::release(const GgufTensor& tensor) const {
  if (file_) file_->release(bytes(tensor));
}

}  // namespace zeropoint
