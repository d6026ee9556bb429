#include "architectures/positions.h"

namespace zeropoint {

Positions add_positions(GraphBuilder& builder, ValueId tokens) {
  Positions made;
  made.shape = builder.node("Shape", "positions/shape", {tokens});
  const ValueId first = builder.constant("positions/first", Tensor::scalar<std::int64_t>(0));
  const ValueId one = builder.constant("positions/one", Tensor::scalar<std::int64_t>(1));
  made.length = builder.node("Gather", "positions/length", {made.shape, one});
  made.places = builder.node("Range", "positions", {first, made.length, one});
  return made;
}

}  // namespace zeropoint
