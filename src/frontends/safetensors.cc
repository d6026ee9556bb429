#include "frontends/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "frontends/context.h"
#include "frontends/safetensors_type.h"

namespace zeropoint {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

std::string_view header_text(std::span<const std::byte> bytes) {
  if (bytes.size() < kLengthBytes) {
    fail_here("is not a safetensors file: {} bytes, the header's length alone takes {}", bytes.size(), kLengthBytes);
  }
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;) length = length << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  if (length > kMaxHeaderBytes) {
    fail_here("is not a safetensors file: a header of {} bytes, at most {} are allowed", length, kMaxHeaderBytes);
  }
  if (length > bytes.size() - kLengthBytes) {
    fail_here("is cut off: the header takes {} bytes, {} are there", length, bytes.size() - kLengthBytes);
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
  if (!text.starts_with('{')) fail_here("is not a safetensors file: its header does not start with '{{'");
  return text;
}

// Bytes that type and shape want. Throws where they do not fill whole bytes.
std::uint64_t wanted_bytes(const SafetensorsEntry& tensor) {
  const std::int64_t count = element_count(tensor.shape);
  const auto width = static_cast<std::uint64_t>(bits(tensor.dtype));
  if (static_cast<std::uint64_t>(count) > UINT64_MAX / width) fail_here("is too large");
  if (static_cast<std::uint64_t>(count) * width % 8 != 0) fail_here("does not end at a whole byte");
  return static_cast<std::uint64_t>(count) * width / 8;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  const auto mapped = MappedFile::open(path);
  SafetensorsFile file(mapped->bytes(), mapped, path.string());
  file.file_ = mapped;
  return file;
}

SafetensorsFile::SafetensorsFile(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string where)
    : where_(std::move(where)), owner_(std::move(owner)) {
  within_file(where_, [&] {
    const std::string_view text = header_text(bytes);
    header_ = parse_safetensors_header(text);
    data_ = bytes.subspan(kLengthBytes + text.size());
    std::ranges::stable_sort(header_.tensors, {}, [](const SafetensorsEntry& t) { return std::pair(t.begin, t.end); });
    check_places();
  });
}

void SafetensorsFile::check_places() const {
  std::uint64_t position = 0;
  for (const SafetensorsEntry& tensor : header_.tensors) {
    within([&] { return fmt::format("tensor '{}'", tensor.name); },
           [&] {
             if (tensor.begin != position) {
               fail_here("its elements start at byte {}, the tensor before it ends at {}", tensor.begin, position);
             }
             if (tensor.end < tensor.begin) fail_here("ends at byte {}, before its start {}", tensor.end, tensor.begin);
             const std::uint64_t wanted = wanted_bytes(tensor);
             if (tensor.end - tensor.begin != wanted) {
               fail_here("{} {} takes {} bytes, its data_offsets hold {}", safetensors_name(tensor.dtype),
                         to_string(tensor.shape), wanted, tensor.end - tensor.begin);
             }
             if (tensor.end > data_.size()) {
               fail_here("is cut off: ends at byte {} of the data, {} are there", tensor.end, data_.size());
             }
           });
    position = tensor.end;
  }
  if (position != data_.size()) fail_here("holds {} bytes after its last tensor", data_.size() - position);
}

Tensor SafetensorsFile::read(const SafetensorsEntry& tensor) const {
  return Tensor::view(tensor.dtype, tensor.shape, data_.data() + tensor.begin, owner_);
}

void SafetensorsFile::release(const SafetensorsEntry& tensor) const {
  if (file_) file_->release(data_.subspan(tensor.begin, tensor.end - tensor.begin));
}

}  // namespace zeropoint
