#include "api/quantize_warnings.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/counted.h"
#include "plan/node_filter.h"
#include "plan/op_rules.h"

namespace zeropoint {
namespace {

bool is_quantized(const Node& node) { return is_quantized_op(node.op_type); }

bool quantizes(const QuantPlan& plan) { return std::ranges::any_of(plan.nodes, &PlanNode::is_quantized); }

std::string already(const Graph& graph, std::string_view so) {
  const auto first = std::ranges::find_if(graph.nodes, is_quantized);
  if (first == graph.nodes.end()) return "";
  return fmt::format("the model is quantized already ({} such as '{}', {}): {}",
                     counted(std::ranges::count_if(graph.nodes, is_quantized), "node"), node_name(graph, *first),
                     first->op_type, so);
}

}  // namespace

std::string nothing_quantized(const QuantPlan& plan) {
  if (quantizes(plan)) return "";
  std::string sentence = "no node is quantized: the model is written as it was";
  std::map<std::string, int> reasons;
  for (const PlanNode& node : plan.nodes) ++reasons[node.reason];
  const auto most = std::ranges::max_element(reasons, {}, [](const auto& entry) { return entry.second; });
  if (most == reasons.end()) return sentence;
  return sentence + fmt::format(" ({} of {}: {})", most->second, counted(plan.nodes.size(), "node"), most->first);
}

std::string quantized_already(const Graph& graph) {
  return already(graph, "the new error comes on top of the old one");
}

std::string quantized_already(const Graph& graph, const QuantPlan& plan) {
  return quantizes(plan) ? quantized_already(graph) : already(graph, "nothing else is, and it is written as it was");
}

}  // namespace zeropoint
