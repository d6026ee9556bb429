// Outputs that ONNX does not let a node leave out with an empty name.
#pragma once

#include <algorithm>
#include <cstddef>

#include "ops/op.h"

namespace zeropoint {

/// Throws invalid_model naming the node when one of its first `count` outputs has no name.
inline void require_outputs(const OpSite& site, std::size_t count) {
  for (std::size_t i = 0; i < std::min(count, site.node.outputs.size()); ++i) {
    if (site.node.outputs[i] == kNoValue) site.invalid("output {} is left out, which only optional outputs may be", i);
  }
}

}  // namespace zeropoint
