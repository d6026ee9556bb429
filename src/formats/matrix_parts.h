// What formats have in common: module names, scales in other types, grids by row or by group, checks of shapes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "formats/format.h"

namespace zeropoint {

/// "a.b.weight" -> "a.b"
std::string module_of(std::string_view weight);

/// Float32 values as float32, float16 or bfloat16. Throws invalid_data naming the weight when one would change.
Tensor exact_floats(const Tensor& values, DType type, const WeightForm& form);

/// Any of the three types as float32.
Tensor as_f32(const Tensor& values);

/// Rows of codes, each packed into words of its own: int32 [rows, words].
Tensor pack_rows(const Tensor& codes, int bits, bool whole_words);
Tensor unpack_rows(const Tensor& words, std::int64_t columns, int bits, bool whole_words);

/// The tensor of that name, or nullptr. Throws invalid_model when its type is none of `types`.
const StoredTensor* find_part(const TensorStore& store, const std::string& name, std::initializer_list<DType> types);

/// The same, and it must be there.
const StoredTensor& require_part(const TensorStore& store, const std::string& name, std::initializer_list<DType> types);

/// Throws invalid_model naming the part unless it has this shape; no effect for nullptr.
void require_shape(const StoredTensor* part, const Shape& shape);

/// Whether the model of this config.json stores the weights of its linear layers [in, out], and this is one of them.
/// GPT-2's Conv1D is the only such layer; what else a quantized file says of the order is the format's business.
bool is_stored_in_out(const nlohmann::ordered_json& model_config, std::string_view weight);

/// Keys of JSON objects with a type, defaults where they are missing or null. Throw invalid_model naming the key.
std::int64_t int_of(const nlohmann::ordered_json& object, std::string_view key, std::int64_t otherwise);
bool bool_of(const nlohmann::ordered_json& object, std::string_view key, bool otherwise);
std::string text_of(const nlohmann::ordered_json& object, std::string_view key, std::string_view otherwise);

/// The key "shape": [rows, columns]. Empty when it is anything else; dimensions are at most kLargestDimension.
Shape matrix_shape_of(const nlohmann::ordered_json& object);

constexpr std::int64_t kLargestDimension = std::int64_t{1} << 40;  // far beyond any matrix, far below overflow

}  // namespace zeropoint
