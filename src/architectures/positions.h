// The places of tokens in their sequence: 0, 1, 2 ... They follow from the shape of "tokens" alone: planning knows
// them.
#pragma once

#include "architectures/graph_builder.h"

namespace zeropoint {

struct Positions {
  ValueId shape = kNoValue;   // int64 [2]: N, T
  ValueId length = kNoValue;  // int64 []: T
  ValueId places = kNoValue;  // int64 [T]: 0, 1, 2 ...
};

Positions add_positions(GraphBuilder& builder, ValueId tokens);

}  // namespace zeropoint
