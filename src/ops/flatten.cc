#include "ops/arguments.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

/// All dimensions before `axis` become one, all from it on another.
std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const auto rank = static_cast<std::int64_t>(x.shape.size());
  std::int64_t axis = site.node.get_int("axis", 1);
  if (axis < -rank || axis > rank) site.invalid("axis {} is outside [{}, {}]", axis, -rank, rank);
  if (axis < 0) axis += rank;
  const auto split = static_cast<std::size_t>(axis);
  return {
      {.dtype = x.dtype, .shape = {count_between(x.shape, 0, split), count_between(x.shape, split, x.shape.size())}}};
}

constexpr OpSpec kOps[] = {
    {.op_type = "Flatten", .infer = infer, .make = make_copy, .is_view = true, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_flatten() { return kOps; }

}  // namespace zeropoint
