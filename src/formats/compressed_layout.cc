// Writing compressed-tensors, and what its config.json says.
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "formats/compressed_tensors.h"
#include "formats/matrix_parts.h"
#include "tensor/transpose.h"
#include "weights/bit_words.h"

namespace zeropoint {
namespace {

constexpr bool kWholeWords = true;

Shape scale_shape(const MatrixScheme& scheme, std::int64_t rows, std::int64_t columns) {
  if (scheme.per_tensor) return {1};
  return matrix_grid_shape(scheme, rows, columns);
}

bool packs_zero_points(CompressedLayout layout, const MatrixScheme& scheme) {
  return layout == CompressedLayout::pack && !scheme.per_tensor;
}

/// Zero points down the rows: int32 [ceil(rows / (32 / bits)), grids].
Tensor packed_zero_points(const QuantizedMatrix& matrix) {
  return transposed(pack_rows(transposed(matrix.zero_points), matrix.scheme.bits, kWholeWords));
}

nlohmann::ordered_json group(const MatrixScheme& s, nlohmann::ordered_json targets) {
  nlohmann::ordered_json weights = {
      {"num_bits", s.bits},       {"type", "int"},
      {"symmetric", s.symmetric}, {"strategy", s.per_tensor ? "tensor" : s.block_size > 0 ? "group" : "channel"},
      {"group_size", nullptr},    {"dynamic", false},
      {"actorder", nullptr}};
  if (!s.per_tensor && s.block_size > 0) weights["group_size"] = s.block_size;
  if (s.act_order) weights["actorder"] = "group";
  return {{"targets", std::move(targets)},
          {"weights", weights},
          {"input_activations", nullptr},
          {"output_activations", nullptr}};
}

/// Narrow range is no word of this format.
MatrixScheme described(const WeightForm& form) {
  MatrixScheme scheme = std::get<MatrixScheme>(form.scheme);
  scheme.narrow_range = false;
  return scheme;
}

}  // namespace

std::string compressed_objection(CompressedLayout, const WeightForm& form) {
  const auto* scheme = std::get_if<MatrixScheme>(&form.scheme);
  if (scheme == nullptr) return "compressed-tensors holds codes with scale and zero point";
  if (form.is_in_out) return "compressed-tensors knows Linear modules only, and this one is stored [in, out]";
  if (scheme->block_size > 0 && !scheme->per_tensor && form.columns % scheme->block_size != 0) {
    return fmt::format("blocks of {} do not divide its {} columns", scheme->block_size, form.columns);
  }
  return "";
}

std::vector<TensorSpec> compressed_parts(CompressedLayout layout, const WeightForm& form) {
  const auto& scheme = std::get<MatrixScheme>(form.scheme);
  const std::string module = module_of(form.name);
  const Shape grids = scale_shape(scheme, form.rows, form.columns);
  std::vector<TensorSpec> specs;
  if (layout == CompressedLayout::pack) {
    specs.push_back(
        {module + ".weight_packed", DType::i32, {form.rows, word_count(form.columns, scheme.bits, WordFill::whole)}});
    specs.push_back({module + ".weight_shape", DType::i64, {2}});
  } else {
    specs.push_back({module + ".weight", DType::i8, {form.rows, form.columns}});
  }
  specs.push_back({module + ".weight_scale", form.stored, grids});
  if (!scheme.symmetric && packs_zero_points(layout, scheme)) {
    specs.push_back({module + ".weight_zero_point",
                     DType::i32,
                     {word_count(form.rows, scheme.bits, WordFill::whole), grids.back()}});
  } else if (!scheme.symmetric) {
    specs.push_back({module + ".weight_zero_point", DType::i8, grids});
  }
  if (scheme.act_order) specs.push_back({module + ".weight_g_idx", DType::i32, {form.columns}});
  return specs;
}

std::vector<Tensor> compressed_encode(CompressedLayout layout, const WeightForm& form, const QuantizedWeight& weight) {
  const auto& matrix = std::get<QuantizedMatrix>(weight);
  const Shape grids = scale_shape(matrix.scheme, form.rows, form.columns);
  std::vector<Tensor> tensors;
  if (layout == CompressedLayout::pack) {
    tensors.push_back(pack_rows(matrix.codes, matrix.scheme.bits, kWholeWords));
    tensors.push_back(Tensor::of<std::int64_t>({2}, {form.rows, form.columns}));
  } else {
    tensors.push_back(matrix.codes);
  }
  tensors.push_back(exact_floats(matrix.scales.reshaped(grids), form.stored, form));
  if (matrix.zero_points) {
    tensors.push_back(packs_zero_points(layout, matrix.scheme) ? packed_zero_points(matrix)
                                                               : matrix.zero_points.reshaped(grids));
  }
  if (matrix.groups) tensors.push_back(matrix.groups);
  return tensors;
}

nlohmann::ordered_json compressed_config(CompressedLayout layout, const ModelForm& model) {
  // The commonest scheme belongs to every Linear, others to the modules that have them by name.
  std::vector<std::pair<MatrixScheme, std::vector<std::string>>> schemes;
  for (const WeightForm& form : model.weights) {
    const MatrixScheme scheme = described(form);
    const auto known = std::find_if(schemes.begin(), schemes.end(), [&](const auto& s) { return s.first == scheme; });
    if (known != schemes.end()) {
      known->second.push_back(module_of(form.name));
    } else {
      schemes.push_back({scheme, {module_of(form.name)}});
    }
  }
  std::stable_sort(schemes.begin(), schemes.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  nlohmann::ordered_json groups = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    nlohmann::ordered_json targets =
        i == 0 ? nlohmann::ordered_json::array({"Linear"}) : nlohmann::ordered_json(schemes[i].second);
    groups[fmt::format("group_{}", i)] = group(schemes[i].first, std::move(targets));
  }
  nlohmann::ordered_json ignore = nlohmann::ordered_json::array();
  for (const std::string& name : model.skipped) ignore.push_back(module_of(name));
  return {{"quant_method", "compressed-tensors"},
          {"format", layout == CompressedLayout::pack ? "pack-quantized" : "int-quantized"},
          {"quantization_status", "compressed"},
          {"config_groups", groups},
          {"ignore", ignore}};
}

}  // namespace zeropoint
