#include "passes/each_graph.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

void remove_dead_nodes(Graph& graph, PassReport& report) {
  std::vector<bool> needed(graph.values.size(), false);
  const auto need = [&](ValueId id) {
    if (id != kNoValue) needed[static_cast<std::size_t>(id)] = true;
  };
  for (const ValueId id : graph.outputs) need(id);

  std::vector<bool> dead(graph.nodes.size(), false);
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    bool is_needed = false;
    for (const ValueId id : node.outputs)
      is_needed = is_needed || (id != kNoValue && needed[static_cast<std::size_t>(id)]);
    if (!is_needed) {
      dead[n] = true;
      report.done.push_back({node.label, "removed: nobody reads its outputs"});
      continue;
    }
    for (const ValueId id : node.inputs) need(id);
    for (const std::string& name : captures(node)) need(graph.find(name));
  }
  graph.erase_nodes(dead);
  graph.erase_unused_values();
}

}  // namespace

PassReport remove_dead_code(Model& model) {
  PassReport report;
  for_each_graph(model.graph, [&](Graph& graph) { remove_dead_nodes(graph, report); });
  return report;
}

}  // namespace zeropoint
