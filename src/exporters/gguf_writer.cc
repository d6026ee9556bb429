#include "exporters/gguf_writer.h"

#include <algorithm>
#include <utility>

#include "base/fail.h"

namespace zeropoint {
namespace {

constexpr std::uint32_t kVersion = 3;
constexpr std::uint64_t kAlignment = 32;
constexpr std::size_t kMaxNameBytes = 63;

std::uint64_t padding(std::uint64_t position) { return (kAlignment - position % kAlignment) % kAlignment; }

template <class T>
void append(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void append_text(std::string& to, std::string_view text) {
  append<std::uint64_t>(to, text.size());
  to += text;
}

std::string header(std::span<const GgufField> fields, std::span<const GgufTensorSpec> tensors) {
  std::string bytes = "GGUF";
  append(bytes, kVersion);
  append<std::uint64_t>(bytes, tensors.size());
  append<std::uint64_t>(bytes, fields.size());
  for (const GgufField& field : fields) {
    append_text(bytes, field.key);
    if (field.is_array) append(bytes, static_cast<std::uint32_t>(GgufKind::array));
    append(bytes, static_cast<std::uint32_t>(field.kind));
    if (field.is_array) append(bytes, field.count);
    bytes += field.payload;
  }
  std::uint64_t offset = 0;
  for (const GgufTensorSpec& tensor : tensors) {
    if (tensor.name.size() > kMaxNameBytes) {
      fail(ErrorKind::internal, tensor.name, "is longer than the {} bytes that GGUF readers take", kMaxNameBytes);
    }
    append_text(bytes, tensor.name);
    append(bytes, static_cast<std::uint32_t>(tensor.shape.size()));
    for (std::size_t i = tensor.shape.size(); i-- > 0;)
      append<std::uint64_t>(bytes, static_cast<std::uint64_t>(tensor.shape[i]));
    append(bytes, static_cast<std::uint32_t>(tensor.type));
    append(bytes, offset);
    offset += storage_bytes(tensor);
    offset += padding(offset);
  }
  bytes.append(padding(bytes.size()), '\0');
  return bytes;
}

}  // namespace

std::uint64_t storage_bytes(const GgufTensorSpec& spec) {
  const std::int64_t blocks = element_count(spec.shape) / kernels::ggml_block_size(spec.type);
  return static_cast<std::uint64_t>(blocks) * kernels::ggml_block_bytes(spec.type);
}

std::uint64_t gguf_file_bytes(std::span<const GgufField> fields, std::span<const GgufTensorSpec> tensors) {
  std::uint64_t bytes = header(fields, tensors).size();
  for (const GgufTensorSpec& tensor : tensors) {
    bytes += storage_bytes(tensor);
    bytes += padding(bytes);
  }
  return bytes;
}

GgufWriter::GgufWriter(std::filesystem::path target, std::span<const GgufField> fields,
                       std::vector<GgufTensorSpec> tensors)
    : file_(std::move(target)), tensors_(std::move(tensors)) {
  file_.write(header(fields, tensors_));
}

void GgufWriter::pad() {
  const std::string zeros(padding(file_.size()), '\0');
  file_.write(zeros);
}

void GgufWriter::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (next_ == tensors_.size()) fail(ErrorKind::internal, "gguf", "{} bytes after the last tensor", bytes.size());
    const std::uint64_t size = storage_bytes(tensors_[next_]);
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), size - written_));
    file_.write(bytes.first(part));
    bytes = bytes.subspan(part);
    written_ += part;
    if (written_ < size) continue;
    pad();
    ++next_;
    written_ = 0;
  }
}

void GgufWriter::commit() {
  while (next_ < tensors_.size() && storage_bytes(tensors_[next_]) == 0) ++next_;
  if (next_ < tensors_.size()) {
    fail(ErrorKind::internal, tensors_[next_].name, "{} of {} bytes were written", written_,
         storage_bytes(tensors_[next_]));
  }
  file_.commit();
}

}  // namespace zeropoint
