// Activation functions by the names that config.json gives them ("hidden_act").
#pragma once

#include <string>

#include "architectures/graph_builder.h"

namespace zeropoint {

/// Throws unsupported listing the known names. `name` is the activation's module, "model.layers.0.mlp/act".
ValueId activation(GraphBuilder& builder, const std::string& function, ValueId x, const std::string& name);

}  // namespace zeropoint
