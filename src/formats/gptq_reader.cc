// Reading GPTQ checkpoints.
#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/fail.h"
#include "formats/gptq_layout.h"
#include "formats/matrix_parts.h"
#include "tensor/transpose.h"
#include "weights/bit_words.h"

namespace zeropoint {
namespace {

enum Part { kWeight, kZeros, kScales, kGroupIndex, kParts };

constexpr std::string_view kMark = ".qweight";

MatrixScheme scheme_of_config(const nlohmann::ordered_json& config) {
  const std::int64_t bits = int_of(config, "bits", 4);
  if (bits != 2 && bits != 3 && bits != 4 && bits != 8) {
    fail(ErrorKind::unsupported, "config.json", "quantization_config: {} bits; gptq with 2, 3, 4 and 8 is read", bits);
  }
  const std::int64_t group = int_of(config, "group_size", 128);
  if (group != -1 && (group <= 0 || group > kLargestDimension)) {
    fail(ErrorKind::invalid_model, "config.json", "quantization_config: group_size {} is neither positive nor -1",
         group);
  }
  return {.bits = static_cast<int>(bits),
          .symmetric = bool_of(config, "sym", true),
          .block_size = std::max<std::int64_t>(group, 0),
          .act_order = bool_of(config, "desc_act", false)};
}

/// The module that a regular expression like "^a\\.b$" stands for; nullopt for one that may match several.
std::optional<std::string> only_module(std::string_view pattern) {
  if (pattern.starts_with('^')) pattern.remove_prefix(1);
  if (!pattern.ends_with('$')) return std::nullopt;
  pattern.remove_suffix(1);
  std::string module;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_escaped = pattern[i] == '\\' && i + 1 < pattern.size() && pattern[i + 1] == '.';
    if (is_escaped) ++i;
    const auto c = static_cast<unsigned char>(pattern[i]);
    if (!is_escaped && std::isalnum(c) == 0 && c != '_' && c != '-') return std::nullopt;
    module += pattern[i];
  }
  return module;
}

/// Of modules that `dynamic` describes otherwise than the config does.
std::map<std::string, MatrixScheme> special_schemes(const nlohmann::ordered_json& config) {
  constexpr std::string_view kKeys[] = {"bits", "group_size", "sym", "desc_act"};
  std::map<std::string, MatrixScheme> schemes;
  const auto dynamic = config.find("dynamic");
  if (dynamic == config.end() || !dynamic->is_object()) return schemes;
  nlohmann::ordered_json common = nlohmann::ordered_json::object();
  for (const std::string_view key : kKeys) {
    if (config.contains(key)) common[std::string(key)] = config.at(std::string(key));
  }
  for (const auto& [rule, change] : dynamic->items()) {
    const auto changes = [&c = change](std::string_view key) { return c.is_object() && c.contains(key); };
    if (rule.starts_with("-:") || std::ranges::none_of(kKeys, changes)) continue;
    const std::optional<std::string> module = only_module(rule.starts_with("+:") ? rule.substr(2) : rule);
    if (!module) {
      fail(ErrorKind::unsupported, "config.json",
           "quantization_config: 'dynamic' describes '{}' otherwise; only rules for one module, ^name$, are read",
           rule);
    }
    nlohmann::ordered_json merged = common;
    merged.update(change);
    schemes[*module] = scheme_of_config(merged);
  }
  return schemes;
}

EncodedWeight open_module(const TensorStore& store, const std::string& module, const MatrixScheme& scheme) {
  EncodedWeight weight{.form = {.name = module + ".weight", .scheme = scheme, .stored = DType::f16},
                       .parts = std::vector<const StoredTensor*>(kParts)};
  weight.parts[kWeight] = &require_part(store, module + ".qweight", {DType::i32});
  weight.parts[kZeros] = &require_part(store, module + ".qzeros", {DType::i32});
  weight.parts[kScales] = &require_part(store, module + ".scales", {DType::f16, DType::bf16, DType::f32});
  weight.parts[kGroupIndex] = find_part(store, module + ".g_idx", {DType::i32});
  const Shape& packed = weight.parts[kWeight]->shape;
  if (packed.size() != 2 || packed[0] > kLargestDimension) {
    fail(ErrorKind::invalid_model, module + ".qweight", "is {}, no matrix", to_string(packed));
  }
  if (packed[0] * 32 % scheme.bits != 0) {
    fail(ErrorKind::invalid_model, module + ".qweight", "{} words hold no whole number of {}-bit codes", packed[0],
         scheme.bits);
  }
  weight.form.rows = packed[1];
  weight.form.columns = packed[0] * 32 / scheme.bits;
  const std::int64_t groups = grids_per_row(scheme, weight.form.columns);
  require_shape(weight.parts[kZeros], {groups, word_count(weight.form.rows, scheme.bits, WordFill::dense)});
  require_shape(weight.parts[kScales], {groups, weight.form.rows});
  require_shape(weight.parts[kGroupIndex], {weight.form.columns});
  if (scheme.act_order && weight.parts[kGroupIndex] == nullptr) {
    fail(ErrorKind::invalid_model, module + ".g_idx", "is missing: the config says desc_act");
  }
  return weight;
}

/// int8 [rows, groups]; absent when all are the middle code, as symmetric files have them.
Tensor zero_points_of(GptqVersion version, const WeightForm& form, const Tensor& packed) {
  const auto& scheme = std::get<MatrixScheme>(form.scheme);
  Tensor zero_points = transposed(unpack_rows(packed, form.rows, scheme.bits, false));
  const int highest = (1 << (scheme.bits - 1)) - 1;
  bool is_middle = true;
  for (std::int8_t& zero_point : zero_points.mutable_values<std::int8_t>()) {
    if (version == GptqVersion::v1 && zero_point == highest) {
      fail(ErrorKind::invalid_model, form.name,
           "has a zero point of 0 that its writer wrapped around, which the format gptq (version 1) cannot hold");
    }
    if (version == GptqVersion::v1) ++zero_point;
    is_middle = is_middle && zero_point == 0;
  }
  if (!scheme.symmetric) return zero_points;
  if (!is_middle) fail(ErrorKind::invalid_model, form.name, "has zero points, but the config says sym");
  return {};
}

/// Whether column c lies in group c / block.
bool is_in_order(const Tensor& groups, std::int64_t block) {
  const std::span<const std::int32_t> values = groups.values<std::int32_t>();
  for (std::size_t c = 0; c < values.size(); ++c) {
    if (values[c] != static_cast<std::int64_t>(c) / block) return false;
  }
  return true;
}

}  // namespace

bool gptq_recognises(GptqVersion version, const nlohmann::ordered_json& config) {
  if (text_of(config, "quant_method", "") != "gptq") return false;
  const bool is_v2 = text_of(config, "checkpoint_format", "gptq") == "gptq_v2";
  return is_v2 == (version == GptqVersion::v2);
}

std::vector<EncodedWeight> gptq_find(const TensorStore& store, const nlohmann::ordered_json& config) {
  const MatrixScheme common = scheme_of_config(config);
  const std::map<std::string, MatrixScheme> special = special_schemes(config);
  std::vector<EncodedWeight> found;
  for (const StoredTensor& tensor : store.tensors()) {
    if (!tensor.name.ends_with(kMark)) continue;
    const std::string module = tensor.name.substr(0, tensor.name.size() - kMark.size());
    const auto scheme = special.find(module);
    found.push_back(open_module(store, module, scheme == special.end() ? common : scheme->second));
  }
  return found;
}

QuantizedWeight gptq_decode(GptqVersion version, const EncodedWeight& weight, std::span<const Tensor> parts) {
  const WeightForm& form = weight.form;
  QuantizedMatrix matrix{.scheme = std::get<MatrixScheme>(form.scheme), .rows = form.rows, .columns = form.columns};
  matrix.codes = unpack_rows(transposed(parts[kWeight]), form.columns, matrix.scheme.bits, false);
  matrix.scales = as_f32(transposed(parts[kScales]));
  matrix.zero_points = zero_points_of(version, form, parts[kZeros]);
  const std::int64_t block = matrix.scheme.block_size > 0 ? matrix.scheme.block_size : form.columns;
  if (matrix.scheme.act_order) {
    matrix.groups = parts[kGroupIndex];
  } else if (parts[kGroupIndex] && !is_in_order(parts[kGroupIndex], block)) {
    fail(ErrorKind::invalid_model, form.name,
         "has columns out of order in g_idx, but the config does not say desc_act");
  }
  check_matrix(matrix, form.name);
  return matrix;
}

}  // namespace zeropoint
