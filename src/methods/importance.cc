#include "methods/importance.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/mapped_file.h"
#include "frontends/context.h"
#include "frontends/gguf.h"

namespace zeropoint {
namespace {

constexpr std::string_view kSums = ".in_sum2";   // sum of x^2 over rows, per column
constexpr std::string_view kCounts = ".counts";  // rows

void check_values(const std::vector<float>& values, const std::string& name) {
  const bool is_usable = std::ranges::all_of(values, [](float v) { return std::isfinite(v) && v >= 0; });
  if (!is_usable) fail_here("the importance of '{}' is negative or not finite", name);
}

std::vector<float> floats_of(const GgufFile& file, const GgufTensor& tensor) {
  if (tensor.type->name != "F32") fail_here("tensor '{}' is {}, F32 is wanted", tensor.name, tensor.type->name);
  std::vector<float> values(tensor.bytes / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), file.bytes(tensor).data(), tensor.bytes);
  return values;
}

Importance read_gguf(const GgufFile& file, const GgufArchitecture& architecture) {
  Importance importance;
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(kSums)) continue;
    const std::string name = tensor.name.substr(0, tensor.name.size() - kSums.size());
    const auto counts = std::ranges::find(file.tensors(), name + std::string(kCounts), &GgufTensor::name);
    if (counts == file.tensors().end()) fail_here("tensor '{}' has no counts", tensor.name);
    const std::vector<float> count = floats_of(file, *counts);
    if (count.size() != 1) fail_here("tensor '{}': one count is wanted, {} are there", counts->name, count.size());
    if (!(count[0] > 0)) continue;  // never used: nothing is known
    std::vector<float> values = floats_of(file, tensor);
    for (float& value : values) value /= count[0];
    check_values(values, name);
    importance[architecture.to_hugging_face(name)] = std::move(values);
  }
  return importance;
}

template <class T>
T take(std::string_view& rest) {
  if (rest.size() < sizeof(T)) fail_here("is cut off");
  T value;
  std::memcpy(&value, rest.data(), sizeof(T));
  rest.remove_prefix(sizeof(T));
  return value;
}

std::string_view take_bytes(std::string_view& rest, std::int64_t count) {
  if (count < 0 || static_cast<std::uint64_t>(count) > rest.size()) fail_here("is cut off");
  const std::string_view bytes = rest.substr(0, static_cast<std::size_t>(count));
  rest.remove_prefix(bytes.size());
  return bytes;
}

/// Entries of: name's length, name, calls, number of values, values (mean squares times calls).
Importance read_binary(std::string_view rest, const GgufArchitecture& architecture) {
  Importance importance;
  constexpr std::size_t kLeastEntry = 3 * sizeof(std::int32_t);
  const auto entries = rest.size() < sizeof(std::int32_t) ? 0 : take<std::int32_t>(rest);
  if (entries <= 0 || static_cast<std::size_t>(entries) > rest.size() / kLeastEntry) {
    fail_here("is no importance matrix: neither a GGUF file of zeropoint or llama.cpp nor llama.cpp's older .dat");
  }
  for (std::int32_t i = 0; i < entries; ++i) {
    const std::string name(take_bytes(rest, take<std::int32_t>(rest)));
    require_utf8(name);
    const auto calls = take<std::int32_t>(rest);
    const auto count = take<std::int32_t>(rest);
    const std::string_view bytes = take_bytes(rest, std::int64_t{count} * static_cast<std::int64_t>(sizeof(float)));
    std::vector<float> values(static_cast<std::size_t>(count));
    if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    for (float& value : values) value /= static_cast<float>(std::max(calls, 1));
    check_values(values, name);
    importance[architecture.to_hugging_face(name)] = std::move(values);
  }
  return importance;
}

}  // namespace

Importance ObservedImportance::means() const {
  Importance importance = sums;
  for (auto& [name, values] : importance) {
    for (float& value : values) value /= static_cast<float>(rows);
  }
  return importance;
}

Importance load_importance(const std::filesystem::path& path, const GgufArchitecture& architecture) {
  const auto file = MappedFile::open(path);
  return within_file(path.string(), [&] {
    Importance importance = file->text().starts_with("GGUF")
                                ? read_gguf(GgufFile(file->bytes(), file, ""), architecture)
                                : read_binary(file->text(), architecture);
    if (importance.empty()) fail_here("holds no importance");
    return importance;
  });
}

}  // namespace zeropoint
