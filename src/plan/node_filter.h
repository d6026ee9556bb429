// The user's say in which nodes are quantized: patterns on names and types, first and last layer.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

struct NodeFilter {
  std::vector<std::string> include;  // globs on node names and operator types; empty: every node
  std::vector<std::string> exclude;  // wins over include
  bool keep_first = false;           // products that read a graph input with no product in between stay float
  bool keep_last = false;            // products whose result reaches no other product stay float
};

/// The name by which plans, options and messages know a node: its own, or that of its first output.
std::string node_name(const Graph& graph, const Node& node);

/// One entry per node: why it must stay float, empty when it may be quantized.
/// Throws invalid_option for a pattern that matches no node, suggesting near names.
std::vector<std::string> filter_nodes(const Graph& graph, const NodeFilter& filter);

}  // namespace zeropoint
