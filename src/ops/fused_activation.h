// The activation that a joined operator (kFusedDomain) applies to its result, as attributes of its node:
// activation ("Relu", "LeakyRelu", "Clip"), activation_alpha, activation_beta.
#pragma once

#include "graph/graph.h"
#include "onednn/activation.h"

namespace zeropoint {

Activation fused_activation(const Node& node);
void set_fused_activation(Node& node, const Activation& activation);

/// What `x` becomes.
float apply(const Activation& activation, float x);

}  // namespace zeropoint
