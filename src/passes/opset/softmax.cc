// Softmax, LogSoftmax and Hardmax at 13: before, `axis` (1 unless given) cut the shape in two and the
// operator worked on the matrix; since then it works along that axis (-1 unless given).
#include <array>

#include "passes/opset/rewrite.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kDefaultAxisBefore13 = 1;

/// Whether all sizes behind `axis` are known to be 1: then the old meaning is the new one.
bool only_ones_behind(const NodeRewrite& at, std::int64_t axis, std::int64_t rank) {
  for (std::int64_t d = axis + 1; d < rank; ++d) {
    if (at.shapes.dim(at.input(0), d) != 1) return false;
  }
  return true;
}

void softmax_13(NodeRewrite& at) {
  const ValueId x = at.input(0);
  const std::int64_t axis = at.node.get_int("axis", kDefaultAxisBefore13);
  at.node.set("axis", axis);
  if (axis == -1) return;
  if (const auto rank = at.shapes.rank(x)) {
    if (only_ones_behind(at, axis < 0 ? axis + *rank : axis, *rank)) return;
  }

  const ValueId flat = at.new_value("flat");
  const ValueId shape = at.new_value("shape");
  const ValueId result = at.new_value("matrix");
  at.before.push_back({.op_type = "Flatten", .inputs = {x}, .outputs = {flat}});
  at.before.back().set("axis", axis);
  at.before.push_back({.op_type = "Shape", .inputs = {x}, .outputs = {shape}});
  at.after.push_back({.op_type = "Reshape", .inputs = {result, shape}, .outputs = {at.output()}});
  at.node.inputs = {flat};
  at.node.outputs = {result};
  at.node.set("axis", std::int64_t{-1});
}

constexpr std::array<OpsetStep, 3> kSteps = {{
    {"Softmax", 13, softmax_13},
    {"LogSoftmax", 13, softmax_13},
    {"Hardmax", 13, softmax_13},
}};

}  // namespace

std::span<const OpsetStep> softmax_steps() { return kSteps; }

}  // namespace zeropoint
