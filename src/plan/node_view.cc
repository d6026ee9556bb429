#include "plan/node_view.h"

#include <algorithm>

#include "base/fail.h"

namespace zeropoint {
namespace {

bool is_activation(const Graph& graph, ValueId v) { return v != kNoValue && !graph.is_constant(v); }

bool is_zero_pad(const Graph& graph, const Node& node) {
  if (node.get_string("mode", "constant") != "constant") return true;
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return node.get_float("value", 0) == 0;
  const Tensor& value = graph.value(node.inputs[2]).constant;
  return value && value.dtype() == DType::f32 && value.size() == 1 && value.values<float>()[0] == 0;
}

std::string obstacle(const Graph& graph, const Node& n, const NodeView& view, const OpRule& rule) {
  if (view.role == OpRole::in_float) return std::string(rule.reason);
  if (view.activations.empty() || view.results.empty()) return "it reads constants only";
  for (const ValueId v : n.inputs) {
    if (v == kNoValue || view.role == OpRole::preserving) continue;
    const Value& value = graph.value(v);
    const DType dtype = value.constant ? value.constant.dtype() : value.dtype;
    if (is_float(dtype) && dtype != DType::f32) return fmt::format("it computes in {}", name(dtype));
  }
  switch (view.role) {
    case OpRole::matrix:
      if (n.op_type != "MatMul" && !graph.is_constant(n.inputs[1])) return "its weights are computed at run time";
      break;
    case OpRole::pairwise:
      if (view.activations.size() < 2) return "one operand is constant: the result is quantized, not the operands";
      if (n.inputs[0] == n.inputs[1]) return "squares and doubles are computed in float";
      break;
    case OpRole::preserving:
      if (n.op_type == "Concat" && view.activations.size() < n.inputs.size()) return "it joins constants";
      if (n.op_type == "Pad" && !is_zero_pad(graph, n)) return "it pads with another value than 0";
      break;
    default:
      break;
  }
  return "";
}

}  // namespace

NodeView view_node(const Graph& graph, const Node& n, const std::string& filtered) {
  const OpRule& rule = op_rule(n.domain, n.op_type);
  NodeView view{.role = rule.role, .output = rule.output, .blocked = filtered};
  if (n.op_type == "Resize" && n.get_string("mode", "nearest") != "nearest") view.role = OpRole::unary;
  const std::size_t data_inputs = view.role == OpRole::matrix || view.role == OpRole::pairwise ? 2
                                  : n.op_type == "Concat"                                      ? n.inputs.size()
                                                                                               : 1;
  for (std::size_t i = 0; i < std::min(data_inputs, n.inputs.size()); ++i) {
    if (is_activation(graph, n.inputs[i])) view.activations.push_back(n.inputs[i]);
  }
  const std::size_t results = n.op_type == "Split" ? n.outputs.size() : 1;
  for (std::size_t i = 0; i < std::min(results, n.outputs.size()); ++i) {
    if (n.outputs[i] != kNoValue) view.results.push_back(n.outputs[i]);
  }
  if (view.blocked.empty()) view.blocked = obstacle(graph, n, view, rule);
  return view;
}

}  // namespace zeropoint
