// The bytes of GGUF files, piece by piece: to write files that are wrong on purpose.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace zeropoint::testing {

inline std::string u32(std::uint32_t value) { return {reinterpret_cast<const char*>(&value), sizeof(value)}; }
inline std::string u64(std::uint64_t value) { return {reinterpret_cast<const char*>(&value), sizeof(value)}; }
inline std::string f32(float value) { return {reinterpret_cast<const char*>(&value), sizeof(value)}; }
inline std::string text(std::string_view value) { return u64(value.size()).append(value); }

inline std::string gguf_head(std::uint64_t tensors, std::uint64_t fields) {
  return "GGUF" + u32(3) + u64(tensors) + u64(fields);
}

/// A field with a string, kind 8.
inline std::string gguf_text(std::string_view key, std::string_view value) { return text(key) + u32(8) + text(value); }

/// A field with a u32, kind 4.
inline std::string gguf_number(std::string_view key, std::uint32_t value) { return text(key) + u32(4) + u32(value); }

/// The description of a tensor; `dims` as the file has them, fastest first.
inline std::string gguf_tensor(std::string_view name, std::initializer_list<std::uint64_t> dims, std::uint32_t type,
                               std::uint64_t offset) {
  std::string bytes = text(name) + u32(static_cast<std::uint32_t>(dims.size()));
  for (const std::uint64_t dim : dims) bytes += u64(dim);
  return bytes + u32(type) + u64(offset);
}

/// Zeros up to the next multiple of 32: before the data area.
inline std::string padded(std::string bytes) {
  bytes.resize((bytes.size() + 31) / 32 * 32);
  return bytes;
}

}  // namespace zeropoint::testing
