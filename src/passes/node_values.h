// Inputs and outputs of a node that may be shorter than its operator wants.
#pragma once

#include "graph/graph.h"

namespace zeropoint {

inline ValueId input_of(const Node& node, std::size_t i) { return i < node.inputs.size() ? node.inputs[i] : kNoValue; }
inline ValueId output_of(const Node& node, std::size_t i) {
  return i < node.outputs.size() ? node.outputs[i] : kNoValue;
}

}  // namespace zeropoint
