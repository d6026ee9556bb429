#include "zeropoint/dtype.h"

#include <array>

#include "base/fail.h"

namespace zeropoint {
namespace {

enum class Kind : std::uint8_t { none, real, signed_integer, unsigned_integer, other };

struct Row {
  std::string_view name;
  int bits;
  Kind kind;
};

constexpr std::array<Row, kDTypeCount> kRows = {{
    {"undefined", 0, Kind::none},
    {"float32", 32, Kind::real},
    {"uint8", 8, Kind::unsigned_integer},
    {"int8", 8, Kind::signed_integer},
    {"uint16", 16, Kind::unsigned_integer},
    {"int16", 16, Kind::signed_integer},
    {"int32", 32, Kind::signed_integer},
    {"int64", 64, Kind::signed_integer},
    {"string", 0, Kind::other},
    {"bool", 8, Kind::other},
    {"float16", 16, Kind::real},
    {"float64", 64, Kind::real},
    {"uint32", 32, Kind::unsigned_integer},
    {"uint64", 64, Kind::unsigned_integer},
    {"complex64", 64, Kind::other},
    {"complex128", 128, Kind::other},
    {"bfloat16", 16, Kind::real},
    {"float8e4m3fn", 8, Kind::real},
    {"float8e4m3fnuz", 8, Kind::real},
    {"float8e5m2", 8, Kind::real},
    {"float8e5m2fnuz", 8, Kind::real},
    {"uint4", 4, Kind::unsigned_integer},
    {"int4", 4, Kind::signed_integer},
    {"float4e2m1", 4, Kind::real},
    {"float8e8m0", 8, Kind::real},
    {"uint2", 2, Kind::unsigned_integer},
    {"int2", 2, Kind::signed_integer},
}};

const Row& row(DType dtype) { return kRows[static_cast<std::size_t>(dtype)]; }

void require_code_type(DType dtype) {
  if (!is_integer(dtype) || bits(dtype) > 32) fail(ErrorKind::internal, "dtype", "{} has no codes", name(dtype));
}

}  // namespace

std::string_view name(DType dtype) { return row(dtype).name; }

std::optional<DType> parse_dtype(std::string_view word) {
  for (int i = 1; i < kDTypeCount; ++i) {
    if (kRows[static_cast<std::size_t>(i)].name == word) return static_cast<DType>(i);
  }
  return std::nullopt;
}

int bits(DType dtype) { return row(dtype).bits; }
bool is_float(DType dtype) { return row(dtype).kind == Kind::real; }
bool is_integer(DType dtype) {
  return row(dtype).kind == Kind::signed_integer || row(dtype).kind == Kind::unsigned_integer;
}
bool is_signed(DType dtype) { return row(dtype).kind == Kind::signed_integer || row(dtype).kind == Kind::real; }

std::int64_t min_code(DType dtype) {
  require_code_type(dtype);
  return is_signed(dtype) ? -(std::int64_t{1} << (bits(dtype) - 1)) : 0;
}

std::int64_t max_code(DType dtype) {
  require_code_type(dtype);
  return (std::int64_t{1} << (is_signed(dtype) ? bits(dtype) - 1 : bits(dtype))) - 1;
}

}  // namespace zeropoint
