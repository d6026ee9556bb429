// The layout of GPTQ checkpoints, versions 1 and 2.
//
//   MODULE.qweight  int32 [columns * bits / 32, rows]: codes + 2^(bits-1) packed along the columns, low bits first; 32
//                   3-bit codes lie in 3 words, two of them across a border
//   MODULE.qzeros   int32 [groups, rows * bits / 32], zero points packed along the rows in the same way
//   MODULE.scales   float16 [groups, rows]
//   MODULE.g_idx    int32 [columns], the group of each column
//
// Version 1 stores every zero point less one, each in its own field: it cannot hold a zero point of 0, the
// lowest code. Methods choose other grids for it, and a matrix that has one is refused. Version 2 stores it as it is.
// Rows and columns must be
// multiples of 32. A last group that is short is read, and never made. config.json describes all weights alike; modules
// that differ are listed by name under "dynamic". Source: AutoGPTQ and GPTQModel,
// QuantLinear.pack.
#pragma once

#include "formats/format.h"

namespace zeropoint {

enum class GptqVersion { v1, v2 };

GridStorage gptq_grid_storage(GptqVersion version);
std::string gptq_objection(const WeightForm& form);
std::vector<TensorSpec> gptq_parts(const WeightForm& form);
std::vector<Tensor> gptq_encode(GptqVersion version, const WeightForm& form, const QuantizedWeight& weight);
nlohmann::ordered_json gptq_config(GptqVersion version, const ModelForm& model);
bool gptq_recognises(GptqVersion version, const nlohmann::ordered_json& config);
std::vector<EncodedWeight> gptq_find(const TensorStore& store, const nlohmann::ordered_json& config);
QuantizedWeight gptq_decode(GptqVersion version, const EncodedWeight& weight, std::span<const Tensor> parts);

}  // namespace zeropoint
