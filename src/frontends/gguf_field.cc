#include "frontends/gguf_field.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace zeropoint {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

struct Row {
  std::string_view name;
  std::size_t width;
};

constexpr std::array<Row, kGgufKinds> kRows = {{{"u8", 1},
                                                {"i8", 1},
                                                {"u16", 2},
                                                {"i16", 2},
                                                {"u32", 4},
                                                {"i32", 4},
                                                {"f32", 4},
                                                {"bool", 1},
                                                {"string", 0},
                                                {"array", 0},
                                                {"u64", 8},
                                                {"i64", 8},
                                                {"f64", 8}}};

template <class T>
std::string bytes_of(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

template <class T>
T load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

std::string with_length(std::string_view text) {
  return bytes_of(static_cast<std::uint64_t>(text.size())).append(text);
}

template <class T>
GgufField scalar(std::string_view key, GgufKind kind, T value) {
  return {.key = std::string(key), .kind = kind, .payload = bytes_of(value)};
}

template <class T>
GgufField numbers(std::string_view key, GgufKind kind, std::span<const T> values) {
  return {.key = std::string(key),
          .kind = kind,
          .is_array = true,
          .count = values.size(),
          .payload = {reinterpret_cast<const char*>(values.data()), values.size_bytes()}};
}

std::optional<std::int64_t> load_integer(GgufKind kind, const char* bytes) {
  switch (kind) {
    case GgufKind::u8:
      return load<std::uint8_t>(bytes);
    case GgufKind::i8:
      return load<std::int8_t>(bytes);
    case GgufKind::u16:
      return load<std::uint16_t>(bytes);
    case GgufKind::i16:
      return load<std::int16_t>(bytes);
    case GgufKind::u32:
      return load<std::uint32_t>(bytes);
    case GgufKind::i32:
      return load<std::int32_t>(bytes);
    case GgufKind::i64:
      return load<std::int64_t>(bytes);
    case GgufKind::u64:
      if (load<std::uint64_t>(bytes) <= INT64_MAX) return static_cast<std::int64_t>(load<std::uint64_t>(bytes));
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<double> load_number(GgufKind kind, const char* bytes) {
  if (kind == GgufKind::f32) return load<float>(bytes);
  if (kind == GgufKind::f64) return load<double>(bytes);
  if (kind == GgufKind::u64) return static_cast<double>(load<std::uint64_t>(bytes));
  const auto integer = load_integer(kind, bytes);
  return integer ? std::optional<double>(static_cast<double>(*integer)) : std::nullopt;
}

}  // namespace

std::string_view name(GgufKind kind) { return kRows[static_cast<std::size_t>(kind)].name; }

std::size_t width(GgufKind kind) { return kRows[static_cast<std::size_t>(kind)].width; }

GgufField make_gguf_u32(std::string_view key, std::uint32_t value) { return scalar(key, GgufKind::u32, value); }

GgufField make_gguf_f32(std::string_view key, float value) { return scalar(key, GgufKind::f32, value); }

GgufField make_gguf_bool(std::string_view key, bool value) {
  return scalar<std::uint8_t>(key, GgufKind::boolean, value ? 1 : 0);
}

GgufField make_gguf_string(std::string_view key, std::string_view value) {
  return {.key = std::string(key), .kind = GgufKind::string, .payload = with_length(value)};
}

GgufField make_gguf_strings(std::string_view key, std::span<const std::string> values) {
  GgufField field{.key = std::string(key), .kind = GgufKind::string, .is_array = true, .count = values.size()};
  for (const std::string& value : values) field.payload += with_length(value);
  return field;
}

GgufField make_gguf_floats(std::string_view key, std::span<const float> values) {
  return numbers(key, GgufKind::f32, values);
}

GgufField make_gguf_integers(std::string_view key, std::span<const std::int32_t> values) {
  return numbers(key, GgufKind::i32, values);
}

std::optional<std::int64_t> as_integer(const GgufField& field) {
  return field.is_array ? std::nullopt : load_integer(field.kind, field.payload.data());
}

std::optional<double> as_real(const GgufField& field) {
  return field.is_array ? std::nullopt : load_number(field.kind, field.payload.data());
}

std::optional<bool> as_bool(const GgufField& field) {
  if (field.is_array || field.kind != GgufKind::boolean) return std::nullopt;
  return field.payload[0] != 0;
}

std::optional<std::string> as_string(const GgufField& field) {
  if (field.is_array || field.kind != GgufKind::string) return std::nullopt;
  return field.payload.substr(sizeof(std::uint64_t));
}

const GgufField* find_field(std::span<const GgufField> fields, std::string_view key) {
  const auto at = std::ranges::find(fields, key, &GgufField::key);
  return at == fields.end() ? nullptr : &*at;
}

}  // namespace zeropoint
