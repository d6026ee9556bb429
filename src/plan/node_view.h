// A node as the rules of quantization see it, before it is known what its neighbours become.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"
#include "plan/op_rules.h"

namespace zeropoint {

struct NodeView {
  OpRole role = OpRole::in_float;
  FixedRange output = FixedRange::none;
  std::vector<ValueId> activations;  // the inputs that would be quantized on a grid
  std::vector<ValueId> results;      // the outputs that carry activation values
  std::string blocked;               // why it must stay float; empty when nothing forbids it
};

/// `filtered`: why the user wants it in float, or empty.
NodeView view_node(const Graph& graph, const Node& node, const std::string& filtered);

}  // namespace zeropoint
