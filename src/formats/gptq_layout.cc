// Writing GPTQ checkpoints, and what their config.json says.
#include "formats/gptq_layout.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "formats/matrix_parts.h"
#include "tensor/transpose.h"
#include "weights/bit_words.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kMultiple = 32;

/// int8 [rows, groups]: the signed form of what the fields hold.
Tensor stored_zero_points(GptqVersion version, const WeightForm& form, const QuantizedMatrix& matrix) {
  Tensor stored = matrix.zero_points ? matrix.zero_points.clone() : Tensor::zeros(DType::i8, matrix.scales.shape());
  if (version == GptqVersion::v2) return stored;
  const int lowest = -(1 << (matrix.scheme.bits - 1));
  for (std::int8_t& zero_point : stored.mutable_values<std::int8_t>()) {
    if (zero_point == lowest) {
      fail(ErrorKind::invalid_data, form.name,
           "has a zero point of 0, which the format gptq cannot hold (it stores zero points less one); write gptq-v2");
    }
    --zero_point;
  }
  return stored;
}

Tensor column_groups(const WeightForm& form, const QuantizedMatrix& matrix) {
  if (matrix.groups) return matrix.groups;
  const std::int64_t block = matrix.scheme.block_size > 0 ? matrix.scheme.block_size : form.columns;
  Tensor groups = Tensor::allocate(DType::i32, {form.columns});
  for (std::int64_t c = 0; c < form.columns; ++c)
    groups.mutable_data<std::int32_t>()[c] = static_cast<std::int32_t>(c / block);
  return groups;
}

/// What config.json says of a matrix.
nlohmann::ordered_json description(const MatrixScheme& scheme) {
  return {{"bits", scheme.bits},
          {"group_size", scheme.block_size > 0 ? scheme.block_size : -1},
          {"sym", scheme.symmetric},
          {"desc_act", scheme.act_order}};
}

/// The first one with blocks where there is one: a grid per output is the exception then.
nlohmann::ordered_json common_description(const ModelForm& model) {
  MatrixScheme common;
  for (const WeightForm& form : model.weights) {
    const auto& scheme = std::get<MatrixScheme>(form.scheme);
    if (scheme.block_size > 0) return description(scheme);
    if (&form == &model.weights.front()) common = scheme;
  }
  return description(common);
}

/// Of one module, as a regular expression.
std::string pattern_of(const std::string& module) {
  std::string pattern = "^";
  for (const char c : module) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
  return pattern + "$";
}

/// GPTQModel's "dynamic": "-:" modules that are not quantized, "+:" those that differ, with what differs.
nlohmann::ordered_json exceptions(const ModelForm& model, const nlohmann::ordered_json& common) {
  nlohmann::ordered_json dynamic = nlohmann::ordered_json::object();
  for (const std::string& name : model.skipped) {
    const std::string module = module_of(name);
    if (module != "lm_head") dynamic["-:" + pattern_of(module)] = nlohmann::ordered_json::object();
  }
  for (const WeightForm& form : model.weights) {
    const nlohmann::ordered_json own = description(std::get<MatrixScheme>(form.scheme));
    for (const auto& [key, value] : own.items()) {
      if (value != common[key]) dynamic["+:" + pattern_of(module_of(form.name))][key] = value;
    }
  }
  return dynamic;
}

}  // namespace

GridStorage gptq_grid_storage(GptqVersion version) {
  return {.scale_type = DType::f16, .has_lowest_zero_point = version == GptqVersion::v2};
}

std::string gptq_objection(const WeightForm& form) {
  const auto* scheme = std::get_if<MatrixScheme>(&form.scheme);
  if (scheme == nullptr) return "gptq holds codes with scale and zero point";
  if (scheme->per_tensor) return "gptq has no grid for a whole tensor";
  if (form.rows % kMultiple != 0) return fmt::format("its {} outputs are no multiple of 32", form.rows);
  if (form.columns % kMultiple != 0) return fmt::format("its {} inputs are no multiple of 32", form.columns);
  return "";
}

std::vector<TensorSpec> gptq_parts(const WeightForm& form) {
  const auto& scheme = std::get<MatrixScheme>(form.scheme);
  const std::string module = module_of(form.name);
  const std::int64_t groups = grids_per_row(scheme, form.columns);
  return {{module + ".qweight", DType::i32, {word_count(form.columns, scheme.bits, WordFill::dense), form.rows}},
          {module + ".qzeros", DType::i32, {groups, word_count(form.rows, scheme.bits, WordFill::dense)}},
          {module + ".scales", DType::f16, {groups, form.rows}},
          {module + ".g_idx", DType::i32, {form.columns}}};
}

std::vector<Tensor> gptq_encode(GptqVersion version, const WeightForm& form, const QuantizedWeight& weight) {
  const auto& matrix = std::get<QuantizedMatrix>(weight);
  const int bits = matrix.scheme.bits;
  return {transposed(pack_rows(matrix.codes, bits, false)),
          pack_rows(transposed(stored_zero_points(version, form, matrix)), bits, false),
          exact_floats(transposed(matrix.scales), DType::f16, form), column_groups(form, matrix)};
}

nlohmann::ordered_json gptq_config(GptqVersion version, const ModelForm& model) {
  const nlohmann::ordered_json common = common_description(model);
  nlohmann::ordered_json config = {{"quant_method", "gptq"},
                                   {"checkpoint_format", version == GptqVersion::v1 ? "gptq" : "gptq_v2"}};
  config.update(common);
  config.update({{"static_groups", model.static_groups},
                 {"true_sequential", model.method == "gptq"},
                 {"damp_percent", model.damping},
                 {"lm_head", std::ranges::any_of(model.weights, [](const WeightForm& form) {
                    return module_of(form.name) == "lm_head";
                  })}});
  const nlohmann::ordered_json dynamic = exceptions(model, common);
  if (!dynamic.empty()) config["dynamic"] = dynamic;
  return config;
}

}  // namespace zeropoint
