#include "data/array_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/fail.h"
#include "base/mapped_file.h"

namespace zeropoint {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeaderBytes = 1U << 20U;

static_assert(std::endian::native == std::endian::little, "arrays are viewed in place: little endian");

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  return value;
}

NpyHeader read_header(ByteSource& bytes, const std::string& where) {
  const Bytes start = bytes.take(kMagic.size() + 2);
  if (std::memcmp(start.view.data(), kMagic.data(), kMagic.size()) != 0) {
    fail(ErrorKind::invalid_data, where, "is not an npy array: it does not begin with \\x93NUMPY");
  }
  const int version = std::to_integer<int>(start.view[kMagic.size()]);
  if (version < 1 || version > 3) fail(ErrorKind::invalid_data, where, "npy version {} is not known", version);
  const std::uint64_t length = little_endian(bytes.take(version == 1 ? 2 : 4).view);
  if (length > kMaxHeaderBytes) fail(ErrorKind::invalid_data, where, "has an npy header of {} bytes", length);
  const Bytes text = bytes.take(length);
  return parse_npy_header({reinterpret_cast<const char*>(text.view.data()), text.view.size()}, where);
}

void append_utf8(std::string& out, std::uint32_t code, const std::string& where) {
  if (code >= 0x110000 || (code >= 0xD800 && code < 0xE000)) {
    fail(ErrorKind::invalid_data, where, "has text with the code point {:#x}, which does not exist", code);
  }
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6U);
    put(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12U);
    put(0x80 | (code >> 6U & 0x3FU));
    put(0x80 | (code & 0x3FU));
  } else {
    put(0xF0 | code >> 18U);
    put(0x80 | (code >> 12U & 0x3FU));
    put(0x80 | (code >> 6U & 0x3FU));
    put(0x80 | (code & 0x3FU));
  }
}

/// One text field; NumPy pads it with zeros.
std::string decode_text(std::span<const std::byte> field, bool is_utf32, const std::string& where) {
  std::string text;
  if (is_utf32) {
    for (std::size_t i = 0; i < field.size(); i += 4) {
      const auto code = static_cast<std::uint32_t>(little_endian(field.subspan(i, 4)));
      if (code == 0) break;
      append_utf8(text, code, where);
    }
    return text;
  }
  text.assign(reinterpret_cast<const char*>(field.data()), field.size());
  text.resize(std::min(text.size(), text.find('\0')));
  return text;
}

void reverse_groups(std::span<std::byte> bytes, std::size_t group) {
  for (std::size_t i = 0; i + group <= bytes.size(); i += group) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                 bytes.begin() + static_cast<std::ptrdiff_t>(i + group));
  }
}

/// Elements stored with the first index fastest, put into row-major order.
std::vector<std::byte> from_fortran_order(std::span<const std::byte> data, const Shape& shape, std::size_t item_bytes) {
  std::vector<std::byte> out(data.size());
  Shape index(shape.size(), 0);
  std::vector<std::size_t> strides(shape.size(), 1);  // of the row-major result, in elements
  for (std::size_t d = shape.size() - 1; d-- > 0;) strides[d] = strides[d + 1] * static_cast<std::size_t>(shape[d + 1]);
  std::size_t to = 0;
  for (std::size_t from = 0; from < data.size(); from += item_bytes) {
    std::memcpy(out.data() + to * item_bytes, data.data() + from, item_bytes);
    for (std::size_t d = 0; d < shape.size(); ++d) {
      to += strides[d];
      if (++index[d] < shape[d]) break;
      to -= strides[d] * static_cast<std::size_t>(shape[d]);
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace

ArrayReader::ArrayReader(std::unique_ptr<ByteSource> bytes, std::string where)
    : bytes_(std::move(bytes)), where_(std::move(where)), header_(read_header(*bytes_, where_)) {
  std::uint64_t wanted = 0;
  const auto count = static_cast<std::uint64_t>(element_count(header_.shape));
  if (__builtin_mul_overflow(count, header_.item_bytes, &wanted) || wanted != bytes_->remaining()) {
    fail(ErrorKind::invalid_data, where_, "has {} bytes of data, {} {} needs {}", bytes_->remaining(),
         name(header_.dtype), to_string(header_.shape), count * header_.item_bytes);
  }
  if (header_.dtype == DType::string && header_.item_bytes == 0 && count > 0) {
    fail(ErrorKind::invalid_data, where_, "has text fields of length 0");
  }
}

ArrayReader::ArrayReader(Tensor whole, std::string where) : where_(std::move(where)), whole_(std::move(whole)) {
  header_.dtype = whole_.dtype();
  header_.shape = whole_.shape();
  header_.item_bytes = static_cast<std::size_t>(bits(whole_.dtype())) / 8;
}

Tensor ArrayReader::decode(const Bytes& bytes, Shape shape) const {
  if (header_.dtype == DType::string) {
    std::vector<std::byte> fields(bytes.view.begin(), bytes.view.end());
    if (header_.swapped_bytes > 1) reverse_groups(fields, header_.swapped_bytes);
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < fields.size(); i += header_.item_bytes) {
      texts.push_back(decode_text(std::span(fields).subspan(i, header_.item_bytes), header_.is_utf32, where_));
    }
    return Tensor::of_strings(std::move(shape), std::move(texts));
  }
  const Tensor view = Tensor::view(header_.dtype, std::move(shape), bytes.view.data(), bytes.owner);
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(bytes.view.data()) % header_.item_bytes == 0;
  if (is_aligned && header_.swapped_bytes == 1) return view;
  Tensor copy = view.clone();
  if (header_.swapped_bytes > 1) {
    reverse_groups({static_cast<std::byte*>(copy.mutable_raw()), copy.bytes()}, header_.swapped_bytes);
  }
  return copy;
}

Tensor ArrayReader::all() {
  if (whole_) return whole_;
  const Bytes bytes = bytes_->take(bytes_->remaining());
  if (!header_.is_fortran_order) return decode(bytes, header_.shape);
  const auto ordered =
      std::make_shared<std::vector<std::byte>>(from_fortran_order(bytes.view, header_.shape, header_.item_bytes));
  return decode({.view = *ordered, .owner = ordered}, header_.shape);
}

Tensor ArrayReader::rows(std::int64_t count) {
  const Shape& shape = header_.shape;
  if (shape.empty() || count > shape[0] - position_) {
    fail(ErrorKind::internal, where_, "rows {} to {} of {}", position_, position_ + count, to_string(shape));
  }
  Shape piece = shape;
  piece[0] = count;
  const std::int64_t row_elements = element_count({shape.begin() + 1, shape.end()});
  const auto begin = static_cast<std::size_t>(position_ * row_elements);
  position_ += count;
  if (!whole_ && !header_.is_fortran_order) {
    return decode(bytes_->take(static_cast<std::uint64_t>(count * row_elements) * header_.item_bytes),
                  std::move(piece));
  }
  if (!whole_) whole_ = all();
  if (bits(header_.dtype) % 8 != 0)
    fail(ErrorKind::unsupported, where_, "{} is not cut into samples", name(header_.dtype));
  if (header_.dtype == DType::string) {
    const auto first = whole_.strings().begin() + static_cast<std::ptrdiff_t>(begin);
    return Tensor::of_strings(std::move(piece), {first, first + count * row_elements});
  }
  const auto* data = static_cast<const std::byte*>(whole_.raw()) + begin * header_.item_bytes;
  return Tensor::view(header_.dtype, std::move(piece), data, whole_.owner());
}

ArrayReader open_npy(const std::filesystem::path& path) {
  const auto file = MappedFile::open(path);
  return {plain_bytes({file->bytes(), file, file.get()}, path.string()), path.string()};
}

Tensor load_npy(const std::filesystem::path& path) { return open_npy(path).all(); }

}  // namespace zeropoint
