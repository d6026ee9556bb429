// Language models as graphs: an architecture reads a checkpoint's config.json and builds the Graph that the executor
// runs, with the checkpoint's weights as constants.
//
// An architecture is one file and one line in architectures.inc. The graph is ONNX at opset 23 with one input
// "tokens", int64 [N, T], and one output "logits", float32 [N, T, vocabulary] (BERT: "last_hidden_state",
// [N, T, hidden]). N and T are free; T is bounded by the positions that the model has.
//
// How a node maps to its weight: a linear layer is a MatMul node named as its module,
// "model.layers.0.self_attn.q_proj", whose second input leads through Transpose and Cast nodes (each only where it is
// needed) to a constant named as in the checkpoint, "model.layers.0.self_attn.q_proj.weight", in its stored type and
// layout. linear_weight() walks that way. The layer's result, bias included, is a value with the module's name.
// LinearLayers::as_quantized has other nodes where a format comes with an arithmetic of its own: LlmInt8MatMul.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "graph/graph.h"

namespace zeropoint {

class GraphBuilder;

/// What a weight is to its model: decides what methods do with it.
enum class WeightRole { linear, embedding, output, other };  // other: norms, biases, positions

struct WeightPlace {
  std::string name;  // in the checkpoint
  WeightRole role = WeightRole::other;
  int layer = -1;          // decoder layer, -1 outside
  bool is_in_out = false;  // stored [in, out], as GPT-2's Conv1D

  bool operator==(const WeightPlace&) const = default;
};

/// How the linear layers of a quantized checkpoint run.
enum class LinearLayers {
  in_float,      // with decoded weights
  as_quantized,  // LLM.int8(): outlier columns of the activations in float, the others as int8
};

struct Architecture {
  std::string_view model_type;  // of config.json: "llama"
  std::string_view summary;
  void (*define)(GraphBuilder& builder) = nullptr;

  /// Throws invalid_data naming a missing or mis-shaped weight, or a config key that makes no sense.
  Model build(const Checkpoint& checkpoint, LinearLayers layers = LinearLayers::in_float) const;

  /// Every tensor that the model reads, in the order in which it does, each once; a tied embedding is `embedding`.
  /// Reads no elements. Throws as build() does.
  std::vector<WeightPlace> weights(const Checkpoint& checkpoint) const;
};

/// Every row of architectures.inc.
std::span<const Architecture> all_architectures();

/// By config.json's model_type. Throws unsupported naming the type, with the list of known ones.
const Architecture& find_architecture(const Checkpoint& checkpoint);

/// The constant behind input 1 of a MatMul, through the Transpose and Cast nodes between; kNoValue when there is none.
ValueId linear_weight(const Graph& graph, const Node& matmul);

}  // namespace zeropoint
