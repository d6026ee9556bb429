// Joins neighbouring nodes of a plan into one kernel each: a convolution with the addition and the
// activation behind it, a matrix product with its bias and activation.
//
// It works on facts, not on the graph: shapes are known, so that an Add that broadcasts is left alone.
// A value that somebody else reads, a tap or a graph output among them, is never fused away.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "executor/compiled.h"

namespace zeropoint {

/// A node that becomes a step of the plan.
struct WorkItem {
  const Node* node = nullptr;
  const CompiledNode* compiled = nullptr;
  std::vector<ValueFacts> outputs;  // what infer() said; empty when dynamic
  bool is_dynamic = false;
};

/// Nodes that fuse() made; they must outlive the work.
struct FusedNodes {
  std::deque<Node> nodes;
  std::deque<CompiledNode> compiled;
};

/// `facts` and `is_kept` (read from outside the work) are per value.
void fuse(std::vector<WorkItem>& work, std::span<const ValueFacts> facts, const std::vector<bool>& is_kept,
          FusedNodes& made);

}  // namespace zeropoint
