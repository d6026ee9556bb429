#include "api/quantize_warnings.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/counted.h"
#include "plan/node_filter.h"

namespace zeropoint {
namespace {

constexpr std::string_view kQuantized[] = {"ConvInteger",   "DequantizeLinear", "DynamicQuantizeLinear",
                                           "MatMulInteger", "MatMulNBits",      "QGemm",
                                           "QuantizeLinear"};

bool is_quantized(const Node& node) {
  return node.op_type.starts_with("QLinear") || std::ranges::find(kQuantized, node.op_type) != std::end(kQuantized);
}

}  // namespace

std::string nothing_quantized(const QuantPlan& plan) {
  if (std::ranges::any_of(plan.nodes, &PlanNode::is_quantized)) return "";
  std::string sentence = "no node is quantized: the model is written as it was";
  std::map<std::string, int> reasons;
  for (const PlanNode& node : plan.nodes) ++reasons[node.reason];
  const auto most = std::ranges::max_element(reasons, {}, [](const auto& entry) { return entry.second; });
  if (most == reasons.end()) return sentence;
  return sentence + fmt::format(" ({} of {}: {})", most->second, counted(plan.nodes.size(), "node"), most->first);
}

std::string quantized_already(const Graph& graph) {
  const auto first = std::ranges::find_if(graph.nodes, is_quantized);
  if (first == graph.nodes.end()) return "";
  return fmt::format("the model is quantized already ({} such as '{}', {}): the new error comes on top of the old one",
                     counted(std::ranges::count_if(graph.nodes, is_quantized), "node"), node_name(graph, *first),
                     first->op_type);
}

}  // namespace zeropoint
