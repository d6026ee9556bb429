#include "architectures/architecture.h"

#include <algorithm>

#include "architectures/graph_builder.h"
#include "base/fail.h"

namespace zeropoint {

#define ZP_ARCHITECTURE(name) Architecture architecture_##name();
#include "architectures/architectures.inc"
#undef ZP_ARCHITECTURE

namespace {

GraphBuilder defined(const Architecture& architecture, const Checkpoint& checkpoint, GraphBuilder::Weights weights,
                     LinearLayers layers) {
  GraphBuilder builder(checkpoint, weights, layers);
  architecture.define(builder);
  return builder;
}

int producer_of(const Graph& graph, ValueId id) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (std::ranges::find(graph.nodes[i].outputs, id) != graph.nodes[i].outputs.end()) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

Model Architecture::build(const Checkpoint& checkpoint, LinearLayers layers) const {
  return defined(*this, checkpoint, GraphBuilder::Weights::read, layers).take_model();
}

std::vector<WeightPlace> Architecture::weights(const Checkpoint& checkpoint) const {
  return defined(*this, checkpoint, GraphBuilder::Weights::only_list, LinearLayers::in_float).take_places();
}

std::span<const Architecture> all_architectures() {
  static const Architecture all[] = {
#define ZP_ARCHITECTURE(name) architecture_##name(),
#include "architectures/architectures.inc"
#undef ZP_ARCHITECTURE
  };
  return all;
}

const Architecture& find_architecture(const Checkpoint& checkpoint) {
  const std::span<const Architecture> all = all_architectures();
  const Config config(checkpoint.config, checkpoint.path.string());
  const std::string type = config.text("model_type", "");
  const auto found = std::ranges::find(all, type, &Architecture::model_type);
  if (found != all.end()) return *found;
  std::string known;
  for (const Architecture& architecture : all)
    known += (known.empty() ? "" : ", ") + std::string(architecture.model_type);
  fail(ErrorKind::unsupported, checkpoint.path.string(),
       "the architecture '{}' (model_type) is not offered; known are {}", type, known);
}

ValueId linear_weight(const Graph& graph, const Node& matmul) {
  if (matmul.op_type != "MatMul" || matmul.inputs.size() < 2) return kNoValue;
  ValueId id = matmul.inputs[1];
  while (id != kNoValue && !graph.is_constant(id)) {
    const int producer = producer_of(graph, id);
    if (producer < 0) return kNoValue;
    const Node& node = graph.nodes[static_cast<std::size_t>(producer)];
    if (node.op_type != "Cast" && node.op_type != "Transpose") return kNoValue;
    id = node.inputs[0];
  }
  return id;
}

}  // namespace zeropoint
