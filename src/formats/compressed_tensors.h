// The two layouts of compressed-tensors that hold integers, of which a checkpoint has one.
//
// pack-quantized   MODULE.weight_packed      int32 [rows, ceil(columns / (32 / bits))], code + 2^(bits-1), low bits
// first;
//                                            of 3 bits 10 in a word
//                  MODULE.weight_shape       int64 [2]: rows, columns
//                  MODULE.weight_zero_point  int32 [ceil(rows / (32 / bits)), grids], packed down the rows
// int-quantized    MODULE.weight             int8 [rows, columns]
//                  MODULE.weight_zero_point  int8 [rows, grids]
// both             MODULE.weight_scale       [rows, grids], [1] per tensor; in the float weight's own type
//                  MODULE.weight_g_idx       int32 [columns], the grid of each column; only with actorder "group"
//
// Blocks must divide the columns. Symmetric files have no zero point.
// Source: compressed-tensors, PackedQuantizationCompressor and IntQuantizationCompressor.
#pragma once

#include "formats/format.h"

namespace zeropoint {

enum class CompressedLayout { pack, integer };

std::string compressed_objection(CompressedLayout layout, const WeightForm& form);
std::vector<TensorSpec> compressed_parts(CompressedLayout layout, const WeightForm& form);
std::vector<Tensor> compressed_encode(CompressedLayout layout, const WeightForm& form, const QuantizedWeight& weight);
nlohmann::ordered_json compressed_config(CompressedLayout layout, const ModelForm& model);
bool compressed_recognises(CompressedLayout layout, const nlohmann::ordered_json& config);
std::vector<EncodedWeight> compressed_find(CompressedLayout layout, const TensorStore& store,
                                           const nlohmann::ordered_json& config);
QuantizedWeight compressed_decode(CompressedLayout layout, const EncodedWeight& weight, std::span<const Tensor> parts);

}  // namespace zeropoint
