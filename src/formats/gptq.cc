// gptq and gptq-v2: see gptq_layout.h.
#include <nlohmann/json.hpp>

#include "formats/gptq_layout.h"

namespace zeropoint {
namespace {

template <GptqVersion version>
Format gptq(std::string_view name, std::string_view summary) {
  return {
      .name = name,
      .summary = summary,
      .grid_storage = [](DType) { return gptq_grid_storage(version); },
      .objection = gptq_objection,
      .parts = gptq_parts,
      .encode = [](const WeightForm& form, const QuantizedWeight& w) { return gptq_encode(version, form, w); },
      .config = [](const ModelForm& model) { return gptq_config(version, model); },
      .recognises = [](const nlohmann::ordered_json& config) { return gptq_recognises(version, config); },
      .find = gptq_find,
      .decode = [](const EncodedWeight& w, std::span<const Tensor> parts) { return gptq_decode(version, w, parts); }};
}

}  // namespace

Format format_gptq() {
  return gptq<GptqVersion::v1>("gptq", "GPTQ checkpoints as AutoGPTQ writes them: no zero points of 0");
}

Format format_gptq_v2() {
  return gptq<GptqVersion::v2>("gptq-v2", "GPTQ checkpoints of GPTQModel, version 2: any zero point");
}

}  // namespace zeropoint
