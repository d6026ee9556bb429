// Lets matrix products read their constant right factor as it is stored: [n, k] behind a Transpose, in a 16-bit float
// type behind a Cast. The product packs such a factor straight into its own layout, so that no float32 copy of it, and
// no transposed one, stays in memory.
#pragma once

#include <string>
#include <vector>

#include "graph/graph.h"

namespace zeropoint {

/// Rewrites MatMul nodes to the joined operator with attribute transB. Nodes that nobody reads any more go. Values in
/// `keep` stay, and so do the nodes that make and read them.
void read_weights_as_stored(Graph& graph, const std::vector<std::string>& keep);

}  // namespace zeropoint
