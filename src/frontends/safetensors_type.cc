#include "frontends/safetensors_type.h"

#include <algorithm>
#include <array>

#include "base/fail.h"

namespace zeropoint {
namespace {

struct Row {
  std::string_view name;
  DType dtype;
};

constexpr auto kRows = std::to_array<Row>({
    {"BOOL", DType::boolean},
    {"F4", DType::f4e2m1},
    {"F6_E2M3", DType::undefined},
    {"F6_E3M2", DType::undefined},
    {"U8", DType::u8},
    {"I8", DType::i8},
    {"F8_E5M2", DType::f8e5m2},
    {"F8_E4M3", DType::f8e4m3fn},
    {"F8_E8M0", DType::f8e8m0},
    {"F8_E4M3FNUZ", DType::f8e4m3fnuz},
    {"F8_E5M2FNUZ", DType::f8e5m2fnuz},
    {"I16", DType::i16},
    {"U16", DType::u16},
    {"F16", DType::f16},
    {"BF16", DType::bf16},
    {"I32", DType::i32},
    {"U32", DType::u32},
    {"F32", DType::f32},
    {"C64", DType::c64},
    {"F64", DType::f64},
    {"I64", DType::i64},
    {"U64", DType::u64},
});

const Row* find(DType dtype) {
  if (dtype == DType::undefined) return nullptr;
  const auto* row = std::ranges::find(kRows, dtype, &Row::dtype);
  return row == kRows.end() ? nullptr : row;
}

}  // namespace

std::string_view safetensors_name(DType dtype) {
  const Row* row = find(dtype);
  return row == nullptr ? std::string_view() : row->name;
}

DType parse_safetensors_name(std::string_view word) {
  const auto* row = std::ranges::find(kRows, word, &Row::name);
  if (row == kRows.end()) fail(ErrorKind::invalid_model, "", "'{}' is no element type of safetensors", word);
  if (row->dtype == DType::undefined) fail(ErrorKind::unsupported, "", "elements of type {} are not offered", word);
  return row->dtype;
}

int safetensors_rank(DType dtype) {
  const Row* row = find(dtype);
  return row == nullptr ? -1 : static_cast<int>(row - kRows.data());
}

}  // namespace zeropoint
