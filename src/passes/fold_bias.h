// Makes a constant that is added to a convolution's result the convolution's own bias.
//
// Exporters of frameworks whose convolutions have no bias write Conv followed by Add. As a bias the
// constant is part of the integer sum; as a separate Add it would need a grid of its own.
#pragma once

#include "passes/passes.h"

namespace zeropoint {

/// Conv and ConvTranspose of the main graph whose only reader is an Add of one constant per output
/// channel (or of one number). Their result takes the name of the Add's.
PassReport fold_bias(Model& model);

}  // namespace zeropoint
