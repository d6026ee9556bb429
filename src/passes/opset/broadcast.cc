// Before 7, an operand was broadcast only where `broadcast` said so, and its axes began at `axis`.
#include <array>

#include "passes/opset/rewrite.h"

namespace zeropoint {
namespace {

/// Gives input 1 `count` axes of size 1 at its end.
void append_axes(NodeRewrite& at, std::int64_t rank, std::int64_t count) {
  const ValueId operand = at.input(1);
  if (at.graph.is_constant(operand)) {
    const Tensor& tensor = at.graph.value(operand).constant;
    Shape shape = tensor.shape();
    shape.resize(shape.size() + static_cast<std::size_t>(count), 1);
    at.set_input(1, "operand", tensor.reshaped(std::move(shape)));
    return;
  }
  std::vector<std::int64_t> axes;
  for (std::int64_t i = 0; i < count; ++i) axes.push_back(rank + i);
  const ValueId unsqueezed = at.new_value("operand");
  at.before.push_back({.op_type = "Unsqueeze", .inputs = {operand}, .outputs = {unsqueezed}});
  at.before.back().set("axes", axes);
  at.node.inputs[1] = unsqueezed;
}

void broadcast_7(NodeRewrite& at) {
  const bool has_axis = at.node.get_int("broadcast", 0) != 0 && at.node.find("axis") != nullptr;
  if (has_axis) {
    const auto rank = at.shapes.rank(at.input(0));
    const auto operand_rank = at.shapes.rank(at.input(1));
    if (!rank || !operand_rank) at.refuse("it broadcasts along an axis and the ranks of its inputs are not known");
    const std::int64_t axis = at.node.get_int("axis", 0);
    const std::int64_t missing = *rank - *operand_rank - (axis < 0 ? axis + *rank : axis);
    if (missing > 0) append_axes(at, *operand_rank, missing);
  }
  at.node.erase("axis");
  at.node.erase("broadcast");
}

void gemm_7(NodeRewrite& at) { at.node.erase("broadcast"); }

/// The slope of PRelu had one value per channel; now it broadcasts like any operand.
void prelu_7(NodeRewrite& at) {
  const auto rank = at.shapes.rank(at.input(0));
  const auto slope_rank = at.shapes.rank(at.input(1));
  if (!rank || !slope_rank) at.refuse("the ranks of its inputs are not known");
  if (*slope_rank == 1 && at.shapes.dim(at.input(1), 0) != 1 && *rank > 2) append_axes(at, 1, *rank - 2);
}

void recurrent_7(NodeRewrite& at) { at.node.erase("output_sequence"); }

constexpr std::array<OpsetStep, 16> kSteps = {{
    {"Add", 7, broadcast_7},
    {"And", 7, broadcast_7},
    {"Div", 7, broadcast_7},
    {"Equal", 7, broadcast_7},
    {"Greater", 7, broadcast_7},
    {"Less", 7, broadcast_7},
    {"Mul", 7, broadcast_7},
    {"Or", 7, broadcast_7},
    {"Pow", 7, broadcast_7},
    {"Sub", 7, broadcast_7},
    {"Xor", 7, broadcast_7},
    {"Gemm", 7, gemm_7},
    {"PRelu", 7, prelu_7},
    {"GRU", 7, recurrent_7},
    {"LSTM", 7, recurrent_7},
    {"RNN", 7, recurrent_7},
}};

}  // namespace

std::span<const OpsetStep> broadcast_steps() { return kSteps; }

}  // namespace zeropoint
