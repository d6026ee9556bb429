// A plan bound to a graph: names become nodes and values, checked in both directions.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "zeropoint/plan.h"

namespace zeropoint {

struct PlanBinding {
  std::vector<bool> is_quantized;  // per graph node
  std::vector<ValueId> values;     // per plan tensor
};

/// Throws invalid_data naming the row when the plan mentions a node or tensor that the graph does not
/// have or lacks a node that it has, when a weight or bias is not a constant, or an activation is one.
PlanBinding bind_plan(const Graph& graph, const QuantPlan& plan);

}  // namespace zeropoint
