// The option of the commands that run models: how the linear layers of a quantized checkpoint are computed.
#pragma once

#include "architectures/architecture.h"

namespace CLI {
class App;
}

namespace zeropoint::cli {

/// --float-activations; without it, layers run as their format means them to.
void add_arithmetic_option(CLI::App& app, LinearLayers& to);

}  // namespace zeropoint::cli
