// Element types. The numbers are those of ONNX TensorProto.DataType (onnx.proto, IR version 13),
// so that a type read from a file is a cast and a range check.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace zeropoint {

enum class DType : std::uint8_t {
  undefined = 0,
  f32 = 1,
  u8 = 2,
  i8 = 3,
  u16 = 4,
  i16 = 5,
  i32 = 6,
  i64 = 7,
  string = 8,
  boolean = 9,
  f16 = 10,
  f64 = 11,
  u32 = 12,
  u64 = 13,
  c64 = 14,
  c128 = 15,
  bf16 = 16,
  f8e4m3fn = 17,
  f8e4m3fnuz = 18,
  f8e5m2 = 19,
  f8e5m2fnuz = 20,
  u4 = 21,
  i4 = 22,
  f4e2m1 = 23,
  f8e8m0 = 24,
  u2 = 25,
  i2 = 26,
};

constexpr int kDTypeCount = 27;

/// "float32", "uint8", "int4", "float8e4m3fn" ...: the names used in every file and on the command line.
std::string_view name(DType dtype);

/// The inverse of name(); nullopt for a word that names no type.
std::optional<DType> parse_dtype(std::string_view word);

/// Bits that one element occupies in memory and in a file (4 for int4; 0 for string, undefined).
int bits(DType dtype);

bool is_float(DType dtype);    // f64, f32, f16, bf16, the 8-bit and 4-bit floats
bool is_integer(DType dtype);  // signed and unsigned integers of any width; not boolean
bool is_signed(DType dtype);   // integers below zero exist; true for floats

/// Smallest and largest code of an integer type of at most 32 bits.
std::int64_t min_code(DType dtype);
std::int64_t max_code(DType dtype);

}  // namespace zeropoint
