// Visits a graph and its subgraphs at any depth, inner ones first.
#pragma once

#include <memory>

#include "graph/graph.h"

namespace zeropoint {

template <class Visit>
void for_each_graph(Graph& graph, const Visit& visit) {
  for (Node& node : graph.nodes) {
    for (const std::shared_ptr<Graph>& subgraph : node.subgraphs()) for_each_graph(*subgraph, visit);
  }
  visit(graph);
}

}  // namespace zeropoint
