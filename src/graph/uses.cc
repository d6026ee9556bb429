#include "graph/graph.h"

namespace zeropoint {

Uses::Uses(const Graph& graph) : producer(graph.values.size(), -1), consumers(graph.values.size()) {
  const auto add = [&](ValueId id, Use use) {
    if (id != kNoValue) consumers[static_cast<std::size_t>(id)].push_back(use);
  };
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const int index = static_cast<int>(n);
    for (const ValueId output : node.outputs) {
      if (output != kNoValue) producer[static_cast<std::size_t>(output)] = index;
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i) add(node.inputs[i], {index, static_cast<int>(i)});
    for (const std::string& name : captures(node)) add(graph.find(name), {index, -1});
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) add(graph.outputs[i], {kGraphOutput, static_cast<int>(i)});
}

int Uses::single_consumer(ValueId id) const {
  const std::vector<Use>& uses = consumers[static_cast<std::size_t>(id)];
  if (uses.empty()) return -1;
  for (const Use& use : uses) {
    if (use.node != uses[0].node || use.input < 0) return -1;
  }
  return uses[0].node;
}

}  // namespace zeropoint
