// gptq-v2: see gptq_layout.h.
#include <nlohmann/json.hpp>

#include "formats/gptq_layout.h"

namespace zeropoint {
namespace {

constexpr GptqVersion kVersion = GptqVersion::v2;

GridStorage grid_storage(DType) { return gptq_grid_storage(kVersion); }
std::vector<Tensor> encode(const WeightForm& form, const QuantizedWeight& weight) {
  return gptq_encode(kVersion, form, weight);
}
nlohmann::ordered_json config(const ModelForm& model) { return gptq_config(kVersion, model); }
bool recognises(const nlohmann::ordered_json& config) { return gptq_recognises(kVersion, config); }
QuantizedWeight decode(const EncodedWeight& weight, std::span<const Tensor> parts) {
  return gptq_decode(kVersion, weight, parts);
}

}  // namespace

Format format_gptq_v2() {
  return {.name = "gptq-v2",
          .summary = "GPTQ checkpoints of GPTQModel, version 2: any zero point",
          .grid_storage = grid_storage,
          .objection = gptq_objection,
          .parts = gptq_parts,
          .encode = encode,
          .config = config,
          .recognises = recognises,
          .find = gptq_find,
          .decode = decode};
}

}  // namespace zeropoint
