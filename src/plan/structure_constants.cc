#include "plan/structure_constants.h"

#include <map>

namespace zeropoint {
namespace {

// The axis of the output channels of constant input `i`, or -1.
int channel_axis(const Graph& graph, const Node& n, std::size_t i) {
  if (n.op_type == "Conv") return 0;
  if (n.op_type == "ConvTranspose") return 1;
  if (i == 0) return -1;
  if (n.op_type == "Gemm") return n.get_int("transB", 0) != 0 ? 0 : 1;
  const int rank = graph.value(n.inputs[1]).constant.rank();
  return rank >= 2 ? rank - 1 : -1;
}

// One float per output channel, added unscaled, read by this node alone.
bool has_integer_bias(const Graph& graph, const Uses& uses, const Node& n) {
  if (n.inputs.size() < 3 || !graph.is_constant(n.inputs[2])) return false;
  const Tensor& bias = graph.value(n.inputs[2]).constant;
  if (bias.rank() != 1 || bias.dtype() != DType::f32 ||
      uses.consumers[static_cast<std::size_t>(n.inputs[2])].size() != 1)
    return false;
  if (n.op_type != "Gemm") return true;
  const Tensor& b = graph.value(n.inputs[1]).constant;
  return n.get_float("alpha", 1) == 1 && n.get_float("beta", 1) == 1 && n.inputs[0] != kNoValue &&
         !graph.is_constant(n.inputs[0]) && bias.dim(0) == b.dim(channel_axis(graph, n, 1));
}

}  // namespace

void collect_constants(const Graph& graph, const Uses& uses, const std::vector<bool>& quantized, Structure& structure) {
  std::map<ValueId, std::size_t> row_of;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    if (!quantized[n] || op_rule(node.domain, node.op_type).role != OpRole::matrix) continue;
    for (std::size_t i = 0; i < 2; ++i) {
      const ValueId v = node.inputs[i];
      if (!graph.is_constant(v)) continue;
      const int axis = channel_axis(graph, node, i);
      const auto [entry, is_new] = row_of.try_emplace(v, structure.weights.size());
      if (is_new) structure.weights.push_back({.value = v, .axis = axis});
      PlannedWeight& weight = structure.weights[entry->second];
      weight.has_conflict = weight.has_conflict || weight.axis != axis;
      if (weight.has_conflict) weight.axis = -1;
      weight.users.push_back(static_cast<int>(n));
    }
    if (has_integer_bias(graph, uses, node)) {
      structure.biases.push_back(
          {.value = node.inputs[2], .input = node.inputs[0], .weight = node.inputs[1], .node = static_cast<int>(n)});
    }
  }
}

}  // namespace zeropoint
