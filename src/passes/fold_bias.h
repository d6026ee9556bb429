// Makes a constant that is added to a convolution's result the convolution's own bias.
//
// Exporters of frameworks whose convolutions have no bias write Conv followed by Add. As a bias the
// constant is part of the integer sum; as a separate Add it would need a grid of its own.
#pragma once

#include "graph/graph.h"

namespace zeropoint {

/// Conv and ConvTranspose whose only reader is an Add of one constant per output channel (or of one
/// number). Values keep the names of the Add's results. Returns how many were folded.
int fold_bias(Graph& graph);

}  // namespace zeropoint
