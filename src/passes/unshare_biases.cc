#include "passes/unshare_biases.h"

namespace zeropoint {

int unshare_biases(Graph& graph) {
  const Uses uses(graph);
  int copies = 0;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool has_bias = node.op_type == "Conv" || node.op_type == "ConvTranspose" || node.op_type == "Gemm";
    if (!has_bias || !node.domain.empty() || node.inputs.size() < 3 || !graph.is_constant(node.inputs[2])) continue;
    const ValueId bias = node.inputs[2];
    const Uses::Use& first = uses.consumers[static_cast<std::size_t>(bias)][0];
    if (first.node == static_cast<int>(n) && first.input == 2) continue;
    const ValueId copy = graph.add_constant(graph.fresh_name(graph.value(bias).name), graph.value(bias).constant);
    graph.nodes[n].inputs[2] = copy;
    ++copies;
  }
  return copies;
}

}  // namespace zeropoint
