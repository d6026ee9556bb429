// What compile() decides once and every plan of a program shares.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "ops/op.h"

namespace zeropoint {

struct CompiledNode {
  const OpSpec* spec = nullptr;
  std::int64_t opset = 0;
  std::vector<ValueId> captures;  // values that the node's subgraphs read from this graph
};

struct Compiled {
  Graph graph;
  std::vector<CompiledNode> nodes;             // parallel to graph.nodes
  std::vector<std::vector<std::size_t>> taps;  // per value: which taps report it
  PlanServices* services = nullptr;
  bool fuse = true;
  bool profile = false;
};

/// Runs one node on values that are all known. Throws what the operator throws.
std::vector<Tensor> evaluate_node(const Node& node, const OpSpec& spec, std::int64_t opset,
                                  std::span<const ValueFacts> inputs, std::span<const ValueFacts> outputs,
                                  PlanServices* services);

}  // namespace zeropoint
