// plain: zeropoint's own layout, for any scheme of codes with scale and zero point.
//
//   NAME.codes       int8 [rows, columns] for 8 bits; fewer bits: uint8 [rows, ceil(columns * bits / 8)], code +
//                    2^(bits-1), low bits first, every row packed by itself
//   NAME.scale       float32 [rows, grids], [1, 1] per tensor
//   NAME.zero_point  int8, shape of the scale; absent when symmetric
//   NAME.groups      int32 [columns], the grid of each column; only with act-order
//
// config.json describes every matrix: quantization_config.tensors.NAME = {bits, shape, symmetric, narrow_range,
// per_tensor, block_size, act_order, transposed}. shape is [rows, columns] = [outputs, inputs]; with `transposed` the
// model wants it the other way round.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "base/parallel.h"
#include "formats/matrix_parts.h"
#include "weights/bit_words.h"

namespace zeropoint {
namespace {

constexpr std::string_view kMethod = "zeropoint";

enum Part { kCodes, kScale, kZeroPoint, kGroups, kParts };
constexpr std::string_view kSuffix[kParts] = {".codes", ".scale", ".zero_point", ".groups"};

std::string part_name(const std::string& weight, Part part) { return weight + std::string(kSuffix[part]); }

GridStorage grid_storage(DType) { return {}; }

std::string objection(const WeightForm& form) {
  if (std::holds_alternative<MatrixScheme>(form.scheme)) return "";
  return "the plain format holds codes with scale and zero point; write " + to_string(form.scheme) + " as bitsandbytes";
}

TensorSpec codes_spec(const WeightForm& form, int bits) {
  if (bits == 8) return {part_name(form.name, kCodes), DType::i8, {form.rows, form.columns}};
  return {part_name(form.name, kCodes), DType::u8, {form.rows, (form.columns * bits + 7) / 8}};
}

std::vector<TensorSpec> parts(const WeightForm& form) {
  const auto& scheme = std::get<MatrixScheme>(form.scheme);
  const Shape grids = matrix_grid_shape(scheme, form.rows, form.columns);
  std::vector<TensorSpec> specs = {codes_spec(form, scheme.bits), {part_name(form.name, kScale), DType::f32, grids}};
  if (!scheme.symmetric) specs.push_back({part_name(form.name, kZeroPoint), DType::i8, grids});
  if (scheme.act_order) specs.push_back({part_name(form.name, kGroups), DType::i32, {form.columns}});
  return specs;
}

/// The first bytes of every row of words.
Tensor words_to_bytes(const Tensor& words, std::int64_t row_bytes) {
  Tensor bytes = Tensor::allocate(DType::u8, {words.dim(0), row_bytes});
  const std::int64_t step = words.dim(1) * 4;
  for (std::int64_t r = 0; r < words.dim(0); ++r) {
    std::memcpy(bytes.mutable_data<std::uint8_t>() + r * row_bytes, words.data<std::uint8_t>() + r * step,
                static_cast<std::size_t>(row_bytes));
  }
  return bytes;
}

Tensor bytes_to_words(const Tensor& bytes, std::int64_t row_words) {
  Tensor words = Tensor::zeros(DType::i32, {bytes.dim(0), row_words});
  for (std::int64_t r = 0; r < bytes.dim(0); ++r) {
    std::memcpy(words.mutable_data<std::uint8_t>() + r * row_words * 4, bytes.data<std::uint8_t>() + r * bytes.dim(1),
                static_cast<std::size_t>(bytes.dim(1)));
  }
  return words;
}

std::vector<Tensor> encode(const WeightForm& form, const QuantizedWeight& weight) {
  const auto& matrix = std::get<QuantizedMatrix>(weight);
  const int bits = matrix.scheme.bits;
  std::vector<Tensor> tensors = {
      bits == 8 ? matrix.codes : words_to_bytes(pack_rows(matrix.codes, bits, false), (form.columns * bits + 7) / 8),
      matrix.scales};
  if (matrix.zero_points) tensors.push_back(matrix.zero_points);
  if (matrix.groups) tensors.push_back(matrix.groups);
  return tensors;
}

nlohmann::ordered_json config(const ModelForm& model) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::object();
  for (const WeightForm& form : model.weights) {
    const auto& s = std::get<MatrixScheme>(form.scheme);
    tensors[form.name] = {{"bits", s.bits},
                          {"shape", {form.rows, form.columns}},
                          {"symmetric", s.symmetric},
                          {"narrow_range", s.narrow_range},
                          {"per_tensor", s.per_tensor},
                          {"block_size", s.block_size},
                          {"act_order", s.act_order},
                          {"transposed", form.is_in_out}};
  }
  return {
      {"quant_method", kMethod}, {"format", "plain"}, {"version", 1}, {"method", model.method}, {"tensors", tensors}};
}

bool recognises(const nlohmann::ordered_json& config) {
  return text_of(config, "quant_method", "") == kMethod && text_of(config, "format", "") == "plain";
}

WeightForm form_of(const std::string& weight, const nlohmann::ordered_json& entry) {
  const auto refuse = [&](const char* what) {
    fail(ErrorKind::invalid_model, "config.json", "quantization_config.tensors: '{}': {}", weight, what);
  };
  if (!entry.is_object()) refuse("is no object");
  const Shape shape = matrix_shape_of(entry);
  if (shape.empty()) refuse("shape is not [rows, columns]");
  const MatrixScheme scheme{.bits = static_cast<int>(std::clamp<std::int64_t>(int_of(entry, "bits", 0), 0, 64)),
                            .symmetric = bool_of(entry, "symmetric", true),
                            .narrow_range = bool_of(entry, "narrow_range", false),
                            .per_tensor = bool_of(entry, "per_tensor", false),
                            .block_size = int_of(entry, "block_size", 0),
                            .act_order = bool_of(entry, "act_order", false)};
  if (scheme.bits != 2 && scheme.bits != 3 && scheme.bits != 4 && scheme.bits != 8) refuse("bits are not 2, 3, 4 or 8");
  if (scheme.block_size < 0 || scheme.block_size > kLargestDimension) refuse("block_size is no size");
  return {.name = weight,
          .rows = shape[0],
          .columns = shape[1],
          .scheme = scheme,
          .is_in_out = bool_of(entry, "transposed", false)};
}

std::vector<EncodedWeight> find(const TensorStore& store, const nlohmann::ordered_json& config) {
  std::vector<EncodedWeight> found;
  const auto tensors = config.find("tensors");
  if (tensors == config.end() || !tensors->is_object()) {
    fail(ErrorKind::invalid_model, "config.json", "quantization_config: holds no object 'tensors'");
  }
  for (const auto& [weight, entry] : tensors->items()) {
    EncodedWeight encoded{.form = form_of(weight, entry), .parts = std::vector<const StoredTensor*>(kParts)};
    const auto& scheme = std::get<MatrixScheme>(encoded.form.scheme);
    const TensorSpec codes = codes_spec(encoded.form, scheme.bits);
    encoded.parts[kCodes] = &require_part(store, codes.name, {codes.dtype});
    require_shape(encoded.parts[kCodes], codes.shape);
    const Shape grids = matrix_grid_shape(scheme, encoded.form.rows, encoded.form.columns);
    encoded.parts[kScale] = &require_part(store, part_name(weight, kScale), {DType::f32});
    require_shape(encoded.parts[kScale], grids);
    if (!scheme.symmetric) encoded.parts[kZeroPoint] = &require_part(store, part_name(weight, kZeroPoint), {DType::i8});
    require_shape(encoded.parts[kZeroPoint], grids);
    if (scheme.act_order) encoded.parts[kGroups] = &require_part(store, part_name(weight, kGroups), {DType::i32});
    require_shape(encoded.parts[kGroups], {encoded.form.columns});
    found.push_back(std::move(encoded));
  }
  return found;
}

QuantizedWeight decode(const EncodedWeight& weight, std::span<const Tensor> parts) {
  const WeightForm& form = weight.form;
  QuantizedMatrix matrix{.scheme = std::get<MatrixScheme>(form.scheme),
                         .rows = form.rows,
                         .columns = form.columns,
                         .codes = parts[kCodes],
                         .scales = parts[kScale],
                         .zero_points = parts[kZeroPoint],
                         .groups = parts[kGroups]};
  const int bits = matrix.scheme.bits;
  if (bits < 8) {
    const std::int64_t words = word_count(form.columns, bits, WordFill::dense);
    matrix.codes = unpack_rows(bytes_to_words(parts[kCodes], words), form.columns, bits, false);
  }
  check_matrix(matrix, form.name);
  return matrix;
}

}  // namespace

Format format_plain() {
  return {.name = "plain",
          .summary = "safetensors with codes, scale and zero_point, described in config.json",
          .holds_embeddings = true,
          .grid_storage = grid_storage,
          .objection = objection,
          .parts = parts,
          .encode = encode,
          .is_by_rows = [](const WeightForm&) { return true; },
          .config = config,
          .recognises = recognises,
          .find = find,
          .decode = decode};
}

}  // namespace zeropoint
