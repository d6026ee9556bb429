// Brings a model into the form that quantization starts from. What the model computes stays the same
// up to float rounding; names of values that survive stay the same.
#pragma once

#include "graph/graph.h"

namespace zeropoint {

/// Functions inlined, constants folded, BatchNormalization and added biases folded into products,
/// nothing that no output needs, every bias with one reader, initializers that no caller may replace,
/// opset 13 or later. Throws unsupported naming the node that has no form in that opset.
Model prepare_model(Model model);

/// Opset 13 is the first with one scale per channel.
constexpr std::int64_t kQdqOpset = 13;

}  // namespace zeropoint
