#include "passes/unshare_biases.h"

#include "base/fail.h"

namespace zeropoint {

PassReport unshare_biases(Model& model) {
  Graph& graph = model.graph;
  const Uses uses(graph);
  PassReport report;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool has_bias = node.op_type == "Conv" || node.op_type == "ConvTranspose" || node.op_type == "Gemm";
    if (!has_bias || !node.domain.empty() || node.inputs.size() < 3 || !graph.is_constant(node.inputs[2])) continue;
    const ValueId bias = node.inputs[2];
    const Uses::Use& first = uses.consumers[static_cast<std::size_t>(bias)][0];
    if (first.node == static_cast<int>(n) && first.input == 2) continue;
    const ValueId copy = graph.add_constant(graph.fresh_name(graph.value(bias).name), graph.value(bias).constant);
    graph.nodes[n].inputs[2] = copy;
    report.done.push_back({node.label, fmt::format("has the bias '{}' to itself", graph.value(copy).name)});
  }
  return report;
}

}  // namespace zeropoint
