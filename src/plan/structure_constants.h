// The weights and biases of quantized products.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "plan/structure.h"

namespace zeropoint {

/// Fills in weights and biases of `structure`; `quantized` says so per node.
void collect_constants(const Graph& graph, const Uses& uses, const std::vector<bool>& quantized, Structure& structure);

}  // namespace zeropoint
