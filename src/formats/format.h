// How a file holds quantized matrices: one file per format, one line in formats.inc. Every format is written and read.
//
// A format announces the tensors of a matrix before its numbers exist, so that files can be laid out first; it encodes
// a weight to exactly those tensors, finds such groups of tensors in a checkpoint, and decodes them to the weight
// again: codes, scales and zero points, not floats, so that `convert` can carry them on.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/tensor_store.h"
#include "exporters/safetensors_layout.h"
#include "weights/grid_storage.h"
#include "weights/weight_form.h"

namespace zeropoint {

/// All matrices of a checkpoint, for the description in config.json.
struct ModelForm {
  std::string method;                // "absmax", "gptq" ...
  std::vector<WeightForm> weights;   // quantized
  std::vector<std::string> skipped;  // linear layers that stay float, by the names of their weights
  double damping = 0.01;             // gptq: share of the mean diagonal
  bool static_groups = false;        // gptq: grids from the original order
};

/// The tensors of one matrix in a checkpoint, in the order of Format::parts(); nullptr for one that it does not have.
struct EncodedWeight {
  WeightForm form;
  std::vector<const StoredTensor*> parts;
};

struct Format {
  std::string_view name;  // on the command line
  std::string_view summary;

  bool holds_embeddings = false;  // and other tables; otherwise loaders look for codes in linear layers only

  /// Whether config.json can describe both in one checkpoint; null: always.
  bool (*can_share)(const WeightForm& a, const WeightForm& b) = nullptr;

  /// What it holds of the grids of a weight that was stored as `stored`.
  GridStorage (*grid_storage)(DType stored) = nullptr;

  /// Why it cannot hold such a matrix, as an end of the sentence "... is not possible:"; empty when it can.
  std::string (*objection)(const WeightForm& form) = nullptr;

  std::vector<TensorSpec> (*parts)(const WeightForm& form) = nullptr;

  /// The tensors of parts(), in that order. Throws invalid_data naming the weight when its numbers do not fit: a scale
  /// that is no float16, a zero point that cannot be written.
  std::vector<Tensor> (*encode)(const WeightForm& form, const QuantizedWeight& weight) = nullptr;

  /// Whether rows of the matrix can be encoded by themselves: then parts whose first dimension is that of the matrix
  /// hold these rows, and the others do not depend on them. Null: never.
  bool (*is_by_rows)(const WeightForm& form) = nullptr;

  /// config.json's quantization_config.
  nlohmann::ordered_json (*config)(const ModelForm& model) = nullptr;

  // Reading. `config` is the quantization_config.
  bool (*recognises)(const nlohmann::ordered_json& config) = nullptr;

  /// Throws invalid_model naming the tensor when its parts contradict each other or the config.
  std::vector<EncodedWeight> (*find)(const TensorStore& store, const nlohmann::ordered_json& config) = nullptr;

  /// `parts` are the elements of weight.parts. Throws invalid_model naming the weight.
  QuantizedWeight (*decode)(const EncodedWeight& weight, std::span<const Tensor> parts) = nullptr;
};

std::span<const Format> all_formats();

/// nullptr when there is none of that name.
const Format* find_format(std::string_view name);

/// The format of a checkpoint. Throws unsupported naming the quant_method and what can be read.
const Format& recognise_format(const nlohmann::ordered_json& quantization_config);

}  // namespace zeropoint
