// compressed-tensors: pack-quantized below 8 bits, int-quantized for 8. See compressed_tensors.h.
#include "formats/compressed_tensors.h"

#include <nlohmann/json.hpp>

namespace zeropoint {
namespace {

CompressedLayout layout_of(const WeightForm& form) {
  const auto* scheme = std::get_if<MatrixScheme>(&form.scheme);
  return scheme != nullptr && scheme->bits < 8 ? CompressedLayout::pack : CompressedLayout::integer;
}

GridStorage grid_storage(DType stored) { return {.scale_type = stored}; }

std::string objection(const WeightForm& form) { return compressed_objection(layout_of(form), form); }
std::vector<TensorSpec> parts(const WeightForm& form) { return compressed_parts(layout_of(form), form); }
std::vector<Tensor> encode(const WeightForm& form, const QuantizedWeight& weight) {
  return compressed_encode(layout_of(form), form, weight);
}
nlohmann::ordered_json config(const ModelForm& model) {
  return compressed_config(model.weights.empty() ? CompressedLayout::pack : layout_of(model.weights.front()), model);
}
bool recognises(const nlohmann::ordered_json& config) {
  return compressed_recognises(CompressedLayout::integer, config);
}
std::vector<EncodedWeight> find(const TensorStore& store, const nlohmann::ordered_json& config) {
  return compressed_find(CompressedLayout::integer, store, config);
}
QuantizedWeight decode(const EncodedWeight& weight, std::span<const Tensor> parts) {
  return compressed_decode(CompressedLayout::integer, weight, parts);
}

}  // namespace

Format format_compressed_tensors() {
  return {.name = "compressed-tensors",
          .summary = "vLLM and transformers; int-quantized for 8 bits, pack-quantized for fewer",
          .can_share = [](const WeightForm& a, const WeightForm& b) { return layout_of(a) == layout_of(b); },
          .grid_storage = grid_storage,
          .objection = objection,
          .parts = parts,
          .encode = encode,
          .is_by_rows = [](const WeightForm& form) { return layout_of(form) == CompressedLayout::integer; },
          .config = config,
          .recognises = recognises,
          .find = find,
          .decode = decode};
}

}  // namespace zeropoint
