// Which tensors share a scale and a zero point, once it is decided which nodes are quantized.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "plan/node_view.h"
#include "plan/structure.h"

namespace zeropoint {

struct NodeDecisions {
  const Uses& uses;
  const std::vector<NodeView>& views;  // per node
  const std::vector<bool>& quantized;  // per node, tails not counted
  const std::vector<bool>& asked;      // per value: integer arithmetic reads it
};

/// In the order in which their first members are computed.
std::vector<Grid> make_grids(const Graph& graph, const NodeDecisions& decisions);

}  // namespace zeropoint
