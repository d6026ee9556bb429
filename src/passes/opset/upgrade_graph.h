// The upgrade of one graph with its subgraphs, without what belongs to the model around it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "graph/graph.h"
#include "passes/passes.h"

namespace zeropoint {

/// Rewrites nodes of ai.onnx from opsets[""] to `opset`. On an error the graph is half rewritten: work on a copy.
void upgrade_graph(Graph& graph, const std::map<std::string, std::int64_t>& opsets, std::int64_t opset,
                   PassReport& report);

}  // namespace zeropoint
