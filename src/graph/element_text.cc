#include "graph/element_text.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "base/float16.h"
#include "quant/codes.h"

namespace zeropoint {
namespace {

template <class T>
bool parse_number(std::string_view word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

template <class T>
bool store(Tensor& tensor, std::int64_t i, std::string_view word) {
  return parse_number(word, tensor.mutable_data<T>()[i]);
}

/// The DType whose integer codes have the same bits: float8 and the like are shown as codes.
DType code_type(DType dtype) {
  if (is_integer(dtype)) return dtype;
  return bits(dtype) == 4 ? DType::u4 : DType::u8;
}

}  // namespace

std::string element_text(const Tensor& tensor, std::int64_t i) {
  switch (tensor.dtype()) {
    case DType::f32:
      return fmt::format("{}", tensor.data<float>()[i]);
    case DType::f64:
      return fmt::format("{}", tensor.data<double>()[i]);
    case DType::f16:
      return fmt::format("{}", f16_to_f32(tensor.data<std::uint16_t>()[i]));
    case DType::bf16:
      return fmt::format("{}", bf16_to_f32(tensor.data<std::uint16_t>()[i]));
    case DType::i64:
      return fmt::format("{}", tensor.data<std::int64_t>()[i]);
    case DType::u64:
      return fmt::format("{}", tensor.data<std::uint64_t>()[i]);
    case DType::u32:
      return fmt::format("{}", tensor.data<std::uint32_t>()[i]);
    case DType::c64:
      return fmt::format("{}:{}", tensor.data<float>()[2 * i], tensor.data<float>()[2 * i + 1]);
    case DType::c128:
      return fmt::format("{}:{}", tensor.data<double>()[2 * i], tensor.data<double>()[2 * i + 1]);
    default:
      return fmt::format("{}", load_code(code_type(tensor.dtype()), tensor.raw(), i));
  }
}

bool set_element(Tensor& tensor, std::int64_t i, std::string_view word) {
  const DType dtype = tensor.dtype();
  switch (dtype) {
    case DType::f32:
      return store<float>(tensor, i, word);
    case DType::f64:
      return store<double>(tensor, i, word);
    case DType::i64:
      return store<std::int64_t>(tensor, i, word);
    case DType::u64:
      return store<std::uint64_t>(tensor, i, word);
    case DType::u32:
      return store<std::uint32_t>(tensor, i, word);
    case DType::f16:
    case DType::bf16: {
      float value = 0;
      if (!parse_number(word, value)) return false;
      tensor.mutable_data<std::uint16_t>()[i] = dtype == DType::f16 ? f32_to_f16(value) : f32_to_bf16(value);
      return true;
    }
    case DType::c64:
    case DType::c128:
      return false;
    default: {
      const DType codes = code_type(dtype);
      std::int64_t value = 0;
      if (!parse_number(word, value) || value < min_code(codes) || value > max_code(codes)) return false;
      store_code(codes, tensor.mutable_raw(), i, static_cast<std::int32_t>(value));
      return true;
    }
  }
}

}  // namespace zeropoint
