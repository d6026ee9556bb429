// compressed-tensors' packed layout for any width: what vLLM wants of 8-bit weights whose activations stay float.
#include <nlohmann/json.hpp>

#include "formats/compressed_tensors.h"

namespace zeropoint {
namespace {

constexpr CompressedLayout kLayout = CompressedLayout::pack;

GridStorage grid_storage(DType stored) { return {.scale_type = stored}; }

std::string objection(const WeightForm& form) { return compressed_objection(kLayout, form); }
std::vector<TensorSpec> parts(const WeightForm& form) { return compressed_parts(kLayout, form); }
std::vector<Tensor> encode(const WeightForm& form, const QuantizedWeight& weight) {
  return compressed_encode(kLayout, form, weight);
}
nlohmann::ordered_json config(const ModelForm& model) { return compressed_config(kLayout, model); }
bool recognises(const nlohmann::ordered_json& config) { return compressed_recognises(kLayout, config); }
std::vector<EncodedWeight> find(const TensorStore& store, const nlohmann::ordered_json& config) {
  return compressed_find(kLayout, store, config);
}
QuantizedWeight decode(const EncodedWeight& weight, std::span<const Tensor> parts) {
  return compressed_decode(kLayout, weight, parts);
}

}  // namespace

Format format_pack_quantized() {
  return {.name = "pack-quantized",
          .summary = "compressed-tensors' packed layout, for 8 bits too",
          .grid_storage = grid_storage,
          .objection = objection,
          .parts = parts,
          .encode = encode,
          .config = config,
          .recognises = recognises,
          .find = find,
          .decode = decode};
}

}  // namespace zeropoint
