// Language models as graphs: an architecture reads a checkpoint's config.json and builds the Graph that the executor
// runs, with the checkpoint's weights as constants.
//
// An architecture is one file and one line in architectures.inc. The graph has one input "tokens", int64 [N, T], and
// one output "logits", float32 [N, T, vocabulary] (BERT: "last_hidden_state"). Weights keep their checkpoint names as
// constants in their stored type and [out, in] layout; Cast and Transpose nodes after them are folded by compile().
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "graph/graph.h"

namespace zeropoint {

/// What a weight is to its model: decides what methods do with it.
enum class WeightRole { linear, embedding, output, other };  // other: norms, biases, positions

struct WeightPlace {
  std::string name;  // in the checkpoint
  WeightRole role = WeightRole::other;
  int layer = -1;          // decoder layer, -1 outside
  bool is_in_out = false;  // stored [in, out], as GPT-2's Conv1D
};

struct Architecture {
  std::string_view model_type;  // of config.json: "llama"
  std::string_view summary;
  Model (*build)(const Checkpoint& checkpoint) = nullptr;  // throws invalid_model naming a missing or mis-shaped weight
  std::vector<WeightPlace> (*weights)(const Checkpoint& checkpoint) = nullptr;  // every tensor that the model reads
};

/// By config.json's model_type. Throws unsupported naming the type, with the list of known ones.
const Architecture& find_architecture(const Checkpoint& checkpoint);

}  // namespace zeropoint
