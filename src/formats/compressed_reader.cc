// Reading compressed-tensors. Which of the config's groups a module belongs to follows from the shapes of its tensors,
// so its target patterns need not be understood.
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "formats/compressed_tensors.h"
#include "formats/matrix_parts.h"
#include "tensor/transpose.h"
#include "weights/bit_words.h"

namespace zeropoint {
namespace {

enum Part { kCodes, kScale, kZeroPoint, kGroups, kShape, kParts };

constexpr std::string_view kPacked = ".weight_packed";
constexpr std::string_view kScaleSuffix = ".weight_scale";

/// The integer schemes of the config's groups.
std::vector<MatrixScheme> schemes_of(const nlohmann::ordered_json& config) {
  std::vector<MatrixScheme> schemes;
  const auto groups = config.find("config_groups");
  if (groups == config.end() || !groups->is_object()) {
    fail(ErrorKind::invalid_model, "config.json", "quantization_config: holds no object 'config_groups'");
  }
  for (const auto& [name, group] : groups->items()) {
    const auto weights = group.is_object() ? group.find("weights") : group.end();
    if (!group.is_object() || weights == group.end() || !weights->is_object()) continue;
    const std::string type = text_of(*weights, "type", "int");
    const std::int64_t bits = int_of(*weights, "num_bits", 8);
    if (type != "int" || (bits != 2 && bits != 3 && bits != 4 && bits != 8)) {
      fail(ErrorKind::unsupported, "config.json",
           "quantization_config: {} has {} {} weights; 2, 3, 4 and 8 bit int are read", name, bits, type);
    }
    const std::string strategy = text_of(*weights, "strategy", "tensor");
    const std::int64_t group_size = int_of(*weights, "group_size", 0);
    const bool is_group = strategy == "group";
    if (!is_group && strategy != "channel" && strategy != "tensor") {
      fail(ErrorKind::unsupported, "config.json",
           "quantization_config: {} has the strategy '{}'; tensor, channel and "
           "group are read",
           name, strategy);
    }
    if (is_group && (group_size <= 0 || group_size > kLargestDimension)) {
      fail(ErrorKind::invalid_model, "config.json", "quantization_config: {} has a group_size of {}", name, group_size);
    }
    schemes.push_back({.bits = static_cast<int>(bits),
                       .symmetric = bool_of(*weights, "symmetric", true),
                       .per_tensor = strategy == "tensor",
                       .block_size = is_group ? group_size : 0});
  }
  return schemes;
}

bool is_scale_of(const MatrixScheme& scheme, const Shape& scale, std::int64_t rows, std::int64_t columns) {
  if (scheme.per_tensor) return element_count(scale) == 1;
  return scale == matrix_grid_shape(scheme, rows, columns);
}

/// Sets the scheme to the group of the config that the tensors' shapes fit. Throws invalid_model when none does.
void choose_scheme(CompressedLayout layout, std::span<const MatrixScheme> schemes, EncodedWeight& weight) {
  WeightForm& form = weight.form;
  for (MatrixScheme scheme : schemes) {
    if (scheme.symmetric != (weight.parts[kZeroPoint] == nullptr)) continue;
    if (!is_scale_of(scheme, weight.parts[kScale]->shape, form.rows, form.columns)) continue;
    if (layout == CompressedLayout::pack &&
        weight.parts[kCodes]->shape != Shape{form.rows, word_count(form.columns, scheme.bits, WordFill::whole)}) {
      continue;
    }
    scheme.act_order = weight.parts[kGroups] != nullptr;
    form.scheme = scheme;
    return;
  }
  fail(ErrorKind::invalid_model, form.name, "codes {} and scale {} fit none of the config's groups",
       to_string(weight.parts[kCodes]->shape), to_string(weight.parts[kScale]->shape));
}

/// Rows and columns before packing.
void read_shape(const TensorStore& store, const std::string& module, EncodedWeight& weight) {
  weight.parts[kShape] = &require_part(store, module + ".weight_shape", {DType::i64, DType::i32});
  require_shape(weight.parts[kShape], {2});
  const Tensor shape = store.read(*weight.parts[kShape]);
  const auto at = [&](int i) {
    return shape.dtype() == DType::i64 ? shape.data<std::int64_t>()[i] : shape.data<std::int32_t>()[i];
  };
  const Shape& packed = weight.parts[kCodes]->shape;
  weight.form.rows = at(0);
  weight.form.columns = at(1);
  constexpr std::int64_t kCodesPerWord = 16;  // of 2 bits
  if (packed.size() != 2 || at(0) != packed[0] || at(1) < 0 || at(1) / kCodesPerWord > packed[1]) {
    fail(ErrorKind::invalid_model, weight.parts[kShape]->name, "[{}, {}] is no shape of codes packed as {}", at(0),
         at(1), to_string(packed));
  }
}

EncodedWeight open_module(CompressedLayout layout, const TensorStore& store, const std::string& module) {
  EncodedWeight weight{.form = {.name = module + ".weight"}, .parts = std::vector<const StoredTensor*>(kParts)};
  weight.parts[kScale] =
      &require_part(store, module + std::string(kScaleSuffix), {DType::f32, DType::f16, DType::bf16});
  weight.form.stored = weight.parts[kScale]->dtype;
  weight.parts[kZeroPoint] = find_part(store, module + ".weight_zero_point", {DType::i8, DType::i32});
  weight.parts[kGroups] = find_part(store, module + ".weight_g_idx", {DType::i32});
  if (layout == CompressedLayout::pack) {
    weight.parts[kCodes] = &require_part(store, module + std::string(kPacked), {DType::i32});
    read_shape(store, module, weight);
  } else {
    weight.parts[kCodes] = &require_part(store, module + ".weight", {DType::i8});
    const Shape& shape = weight.parts[kCodes]->shape;
    if (shape.size() != 2) fail(ErrorKind::invalid_model, weight.form.name, "is {}, no matrix", to_string(shape));
    weight.form.rows = shape[0];
    weight.form.columns = shape[1];
  }
  return weight;
}

Tensor zero_points_of(const WeightForm& form, const Tensor& stored, const Shape& grids) {
  const auto& scheme = std::get<MatrixScheme>(form.scheme);
  if (!stored) return {};
  if (stored.dtype() == DType::i8 && stored.size() == element_count(grids)) return stored.reshaped(grids);
  const Shape packed = {word_count(form.rows, scheme.bits, WordFill::whole), grids[1]};
  if (stored.dtype() != DType::i32 || stored.shape() != packed) {
    fail(ErrorKind::invalid_model, module_of(form.name) + ".weight_zero_point", "is {} {}, not int32 {}",
         name(stored.dtype()), to_string(stored.shape()), to_string(packed));
  }
  return transposed(unpack_rows(transposed(stored), form.rows, scheme.bits, true));
}

}  // namespace

bool compressed_recognises(CompressedLayout layout, const nlohmann::ordered_json& config) {
  const std::string format = text_of(config, "format", "");
  return text_of(config, "quant_method", "") == "compressed-tensors" &&
         format == (layout == CompressedLayout::pack ? "pack-quantized" : "int-quantized");
}

std::vector<EncodedWeight> compressed_find(CompressedLayout layout, const TensorStore& store,
                                           const nlohmann::ordered_json& config) {
  const std::vector<MatrixScheme> schemes = schemes_of(config);
  const std::string_view mark = layout == CompressedLayout::pack ? kPacked : kScaleSuffix;
  std::vector<EncodedWeight> found;
  for (const StoredTensor& tensor : store.tensors()) {
    if (!tensor.name.ends_with(mark)) continue;
    found.push_back(open_module(layout, store, tensor.name.substr(0, tensor.name.size() - mark.size())));
    choose_scheme(layout, schemes, found.back());
    if (found.back().parts[kGroups] != nullptr) require_shape(found.back().parts[kGroups], {found.back().form.columns});
  }
  return found;
}

QuantizedWeight compressed_decode(CompressedLayout layout, const EncodedWeight& weight, std::span<const Tensor> parts) {
  const WeightForm& form = weight.form;
  QuantizedMatrix matrix{.scheme = std::get<MatrixScheme>(form.scheme),
                         .rows = form.rows,
                         .columns = form.columns,
                         .groups = parts[kGroups]};
  const Shape grids = matrix_grid_shape(matrix.scheme, form.rows, form.columns);
  matrix.codes = layout == CompressedLayout::pack ? unpack_rows(parts[kCodes], form.columns, matrix.scheme.bits, true)
                                                  : parts[kCodes];
  matrix.scales = as_f32(parts[kScale]).reshaped(grids);
  matrix.zero_points = zero_points_of(form, parts[kZeroPoint], grids);
  check_matrix(matrix, form.name);
  return matrix;
}

}  // namespace zeropoint
