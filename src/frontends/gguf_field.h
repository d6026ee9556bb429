// One entry of a GGUF file's metadata: a key with a number, a text, or an array of those.
//
// The bytes are kept as the file has them, so that metadata is carried unchanged; make_* and as_* translate.
// Source: GGUF specification (ggml/docs/gguf.md), `gguf_metadata_value_t`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace zeropoint {

enum class GgufKind : std::uint32_t {
  u8 = 0,
  i8 = 1,
  u16 = 2,
  i16 = 3,
  u32 = 4,
  i32 = 5,
  f32 = 6,
  boolean = 7,
  string = 8,
  array = 9,
  u64 = 10,
  i64 = 11,
  f64 = 12,
};
constexpr std::uint32_t kGgufKinds = 13;

std::string_view name(GgufKind kind);  ///< "u32", "string"
std::size_t width(GgufKind kind);      ///< bytes of a number; 0 for string and array

struct GgufField {
  std::string key;
  GgufKind kind = GgufKind::u32;  // of the value, or of the elements of an array
  bool is_array = false;
  std::uint64_t count = 1;  // of elements
  std::string payload;      // little-endian elements one after another, strings with their length in front
};

GgufField make_gguf_u32(std::string_view key, std::uint32_t value);
GgufField make_gguf_f32(std::string_view key, float value);
GgufField make_gguf_bool(std::string_view key, bool value);
GgufField make_gguf_string(std::string_view key, std::string_view value);
GgufField make_gguf_strings(std::string_view key, std::span<const std::string> values);
GgufField make_gguf_floats(std::string_view key, std::span<const float> values);
GgufField make_gguf_integers(std::string_view key, std::span<const std::int32_t> values);

// What the field says, where it is of that sort. Integers of every width fit; a u64 above INT64_MAX does not.
std::optional<std::int64_t> as_integer(const GgufField& field);
std::optional<double> as_real(const GgufField& field);  // integers too
std::optional<bool> as_bool(const GgufField& field);
std::optional<std::string> as_string(const GgufField& field);

/// The field with this key, or nullptr.
const GgufField* find_field(std::span<const GgufField> fields, std::string_view key);

}  // namespace zeropoint
