#include "plan/node_filter.h"

#include <algorithm>

#include "base/fail.h"
#include "base/glob.h"
#include "base/nearest.h"

#include "plan/op_rules.h"

namespace zeropoint {
namespace {

bool is_product(const Node& node) { return op_rule(node.domain, node.op_type).role == OpRole::matrix; }

[[noreturn]] void matches_nothing(std::string_view option, const std::string& pattern,
                                  const std::vector<std::string>& names, const Graph& graph) {
  std::vector<std::string_view> known(names.begin(), names.end());
  for (const Node& node : graph.nodes) known.emplace_back(node.op_type);
  const std::string_view near = nearest(pattern, known);
  const std::string hint =
      near.empty() ? "'zeropoint inspect MODEL --graph' lists the nodes" : fmt::format("did you mean '{}'?", near);
  fail(ErrorKind::invalid_option, std::string(option), "'{}' matches no node name and no operator type; {}", pattern,
       hint);
}

// The first pattern that matches each node, empty where none does.
std::vector<std::string> first_match(const Graph& graph, const std::vector<std::string>& names, std::string_view option,
                                     const std::vector<std::string>& patterns) {
  std::vector<std::string> matched(graph.nodes.size());
  for (const std::string& pattern : patterns) {
    bool used = false;
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      if (!glob_match(pattern, names[n]) && !glob_match(pattern, graph.nodes[n].op_type)) continue;
      used = true;
      if (matched[n].empty()) matched[n] = pattern;
    }
    if (!used) matches_nothing(option, pattern, names, graph);
  }
  return matched;
}

// Products that graph inputs reach without passing another product.
std::vector<bool> first_products(const Graph& graph) {
  std::vector<bool> reached(graph.values.size());
  for (const ValueId input : graph.inputs) reached[static_cast<std::size_t>(input)] = true;
  std::vector<bool> first(graph.nodes.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Node& node = graph.nodes[n];
    const bool reads = std::any_of(node.inputs.begin(), node.inputs.end(),
                                   [&](ValueId v) { return v != kNoValue && reached[static_cast<std::size_t>(v)]; });
    if (!reads) continue;
    first[n] = is_product(node);
    if (first[n]) continue;
    for (const ValueId v : node.outputs) {
      if (v != kNoValue) reached[static_cast<std::size_t>(v)] = true;
    }
  }
  return first;
}

// Products whose result reaches no other product.
std::vector<bool> last_products(const Graph& graph) {
  std::vector<bool> feeds_product(graph.values.size());
  std::vector<bool> last(graph.nodes.size());
  for (std::size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    const bool feeds = std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId v) {
      return v != kNoValue && feeds_product[static_cast<std::size_t>(v)];
    });
    last[n] = is_product(node) && !feeds;
    if (!feeds && !is_product(node)) continue;
    for (const ValueId v : node.inputs) {
      if (v != kNoValue) feeds_product[static_cast<std::size_t>(v)] = true;
    }
  }
  return last;
}

}  // namespace

std::string node_name(const Graph& graph, const Node& node) {
  if (!node.name.empty()) return node.name;
  const auto output = std::find_if(node.outputs.begin(), node.outputs.end(), [](ValueId v) { return v != kNoValue; });
  return output == node.outputs.end() ? node.op_type : graph.value(*output).name;
}

std::vector<std::string> filter_nodes(const Graph& graph, const NodeFilter& filter) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) names.push_back(node_name(graph, node));
  const std::vector<std::string> included = first_match(graph, names, "--include", filter.include);
  const std::vector<std::string> excluded = first_match(graph, names, "--exclude", filter.exclude);
  const std::vector<bool> first = filter.keep_first ? first_products(graph) : std::vector<bool>(graph.nodes.size());
  const std::vector<bool> last = filter.keep_last ? last_products(graph) : std::vector<bool>(graph.nodes.size());

  std::vector<std::string> reasons(graph.nodes.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!excluded[n].empty()) {
      reasons[n] = fmt::format("excluded by '{}'", excluded[n]);
    } else if (!filter.include.empty() && included[n].empty()) {
      reasons[n] = "no --include pattern names it";
    } else if (first[n]) {
      reasons[n] = "first layer, kept in float as asked";
    } else if (last[n]) {
      reasons[n] = "last layer, kept in float as asked";
    }
  }
  return reasons;
}

}  // namespace zeropoint
