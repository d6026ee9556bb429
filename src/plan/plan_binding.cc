#include "plan/plan_binding.h"

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "base/fail.h"
#include "plan/node_filter.h"

namespace zeropoint {
namespace {

constexpr std::array<std::string_view, 3> kRoles = {"a weight", "an activation",
                                                    "a bias"};  // in the order of TensorRole

}  // namespace

PlanBinding bind_plan(const Graph& graph, const QuantPlan& plan) {
  // Names of nodes need not be unique in ONNX: rows of one name belong to its nodes in order.
  std::multimap<std::string, std::size_t> nodes;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) nodes.emplace(node_name(graph, graph.nodes[n]), n);

  PlanBinding binding{.is_quantized = std::vector<bool>(graph.nodes.size()), .values = {}};
  for (const PlanNode& row : plan.nodes) {
    const auto node = nodes.find(row.name);
    if (node == nodes.end()) {
      fail(ErrorKind::invalid_data, "plan", "it names node '{}', which the model does not have", row.name);
    }
    if (graph.nodes[node->second].op_type != row.op_type) {
      fail(ErrorKind::invalid_data, "plan", "node '{}' is {} in the plan and {} in the model", row.name, row.op_type,
           graph.nodes[node->second].op_type);
    }
    binding.is_quantized[node->second] = row.is_quantized;
    nodes.erase(node);
  }
  if (!nodes.empty()) {
    const auto& [name, node] = *nodes.begin();
    fail(ErrorKind::invalid_data, "plan", "it has no row for node '{}' ({}) of the model; every node wants one", name,
         graph.nodes[node].op_type);
  }
  for (const PlanTensor& row : plan.tensors) {
    const ValueId value = graph.find(row.name);
    if (value == kNoValue) {
      fail(ErrorKind::invalid_data, "plan", "it names tensor '{}', which the model does not have", row.name);
    }
    if (graph.is_constant(value) != (row.role != TensorRole::activation)) {
      fail(ErrorKind::invalid_data, "plan", "tensor '{}' is {} in the model and {} in the plan", row.name,
           graph.is_constant(value) ? "a constant" : "computed", kRoles[static_cast<std::size_t>(row.role)]);
    }
    if (!graph.is_constant(value) && row.qparams.scheme.granularity != Granularity::per_tensor) {
      fail(ErrorKind::invalid_data, "plan", "activation '{}' needs one scale for the whole tensor", row.name);
    }
    binding.values.push_back(value);
  }
  return binding;
}

}  // namespace zeropoint
