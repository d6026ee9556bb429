#include "formats/matrix_parts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "base/float16.h"
#include "base/parallel.h"
#include "weights/bit_words.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work
constexpr std::string_view kWeight = ".weight";

std::int64_t rows_per_piece(std::int64_t columns) {
  return std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, columns));
}

WordFill fill_of(bool whole_words) { return whole_words ? WordFill::whole : WordFill::dense; }

template <class Value, class Get>
Value value_of(const nlohmann::ordered_json& object, std::string_view key, Value otherwise, const char* kind,
               const Get& is_kind) {
  const auto at = object.find(std::string(key));
  if (at == object.end() || at->is_null()) return otherwise;
  if (!is_kind(*at)) {
    fail(ErrorKind::invalid_model, "config.json", "quantization_config: '{}' is {}, not {}", key, at->dump(), kind);
  }
  return at->template get<Value>();
}

}  // namespace

std::string module_of(std::string_view weight) {
  if (weight.ends_with(kWeight)) weight.remove_suffix(kWeight.size());
  return std::string(weight);
}

Tensor exact_floats(const Tensor& values, DType type, const WeightForm& form) {
  if (type == DType::f32) return values;
  Tensor narrow = Tensor::allocate(type, values.shape());
  auto* to = static_cast<std::uint16_t*>(narrow.mutable_raw());
  for (std::int64_t i = 0; i < values.size(); ++i) {
    const float x = values.data<float>()[i];
    to[i] = type == DType::f16 ? f32_to_f16(x) : f32_to_bf16(x);
    if ((type == DType::f16 ? f16_to_f32(to[i]) : bf16_to_f32(to[i])) == x) continue;
    fail(ErrorKind::invalid_data, form.name, "scale {} would be rounded to {}; quantize to this format from the floats",
         x, name(type));
  }
  return narrow;
}

Tensor as_f32(const Tensor& values) {
  if (values.dtype() == DType::f32) return values;
  Tensor wide = Tensor::allocate(DType::f32, values.shape());
  const auto* from = static_cast<const std::uint16_t*>(values.raw());
  for (std::int64_t i = 0; i < values.size(); ++i) {
    wide.mutable_data<float>()[i] = values.dtype() == DType::f16 ? f16_to_f32(from[i]) : bf16_to_f32(from[i]);
  }
  return wide;
}

Tensor pack_rows(const Tensor& codes, int bits, bool whole_words) {
  const std::int64_t columns = codes.dim(1);
  const std::int64_t words = word_count(columns, bits, fill_of(whole_words));
  Tensor packed = Tensor::allocate(DType::i32, {codes.dim(0), words});
  auto* to = static_cast<std::uint32_t*>(packed.mutable_raw());
  const auto* from = codes.data<std::int8_t>();
  parallel_ranges(codes.dim(0), rows_per_piece(columns), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      pack_words(from + r * columns, columns, bits, fill_of(whole_words), to + r * words);
    }
  });
  return packed;
}

Tensor unpack_rows(const Tensor& words, std::int64_t columns, int bits, bool whole_words) {
  Tensor codes = Tensor::allocate(DType::i8, {words.dim(0), columns});
  const std::int64_t step = words.dim(1);
  const auto* from = static_cast<const std::uint32_t*>(words.raw());
  auto* to = codes.mutable_data<std::int8_t>();
  parallel_ranges(words.dim(0), rows_per_piece(columns), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      unpack_words(from + r * step, columns, bits, fill_of(whole_words), to + r * columns);
    }
  });
  return codes;
}

const StoredTensor* find_part(const TensorStore& store, const std::string& name, std::initializer_list<DType> types) {
  const StoredTensor* part = store.find(name);
  if (part == nullptr || std::find(types.begin(), types.end(), part->dtype) != types.end()) return part;
  fail(ErrorKind::invalid_model, name, "is {}, not {}", zeropoint::name(part->dtype), zeropoint::name(*types.begin()));
}

const StoredTensor& require_part(const TensorStore& store, const std::string& name,
                                 std::initializer_list<DType> types) {
  const StoredTensor* part = find_part(store, name, types);
  if (part == nullptr) fail(ErrorKind::invalid_model, name, "is missing: its weight is quantized");
  return *part;
}

void require_shape(const StoredTensor* part, const Shape& shape) {
  if (part == nullptr || part->shape == shape) return;
  fail(ErrorKind::invalid_model, part->name, "is {}, not {}", to_string(part->shape), to_string(shape));
}

bool is_stored_in_out(const nlohmann::ordered_json& model_config, std::string_view weight) {
  if (!model_config.is_object()) return false;
  const auto type = model_config.find("model_type");
  if (type == model_config.end() || *type != "gpt2") return false;
  const std::string module = module_of(weight);
  return module.ends_with(".c_attn") || module.ends_with(".c_proj") || module.ends_with(".c_fc");
}

std::int64_t int_of(const nlohmann::ordered_json& object, std::string_view key, std::int64_t otherwise) {
  return value_of(object, key, otherwise, "a whole number", [](const auto& v) { return v.is_number_integer(); });
}

bool bool_of(const nlohmann::ordered_json& object, std::string_view key, bool otherwise) {
  return value_of(object, key, otherwise, "true or false", [](const auto& v) { return v.is_boolean(); });
}

std::string text_of(const nlohmann::ordered_json& object, std::string_view key, std::string_view otherwise) {
  return value_of(object, key, std::string(otherwise), "a text", [](const auto& v) { return v.is_string(); });
}

Shape matrix_shape_of(const nlohmann::ordered_json& object) {
  const auto shape = object.find("shape");
  if (shape == object.end() || !shape->is_array() || shape->size() != 2) return {};
  Shape sizes;
  for (const auto& size : *shape) {
    if (!size.is_number_integer()) return {};
    sizes.push_back(size.get<std::int64_t>());
    if (sizes.back() < 0 || sizes.back() > kLargestDimension) return {};
  }
  return sizes;
}

}  // namespace zeropoint
