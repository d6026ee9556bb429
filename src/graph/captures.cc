#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/fail.h"
#include "graph/graph.h"

namespace zeropoint {
namespace {

/// Names, each once, in the order in which they came.
class NameList {
 public:
  void add(const std::string& name) {
    if (known_.insert(name).second) names_.push_back(name);
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  std::vector<std::string> names_;
  std::unordered_set<std::string> known_;
};

void collect(const Graph& subgraph, NameList& names) {
  const auto add_if_outer = [&](ValueId id) {
    if (id != kNoValue && subgraph.value(id).is_outer) names.add(subgraph.value(id).name);
  };
  for (const Node& node : subgraph.nodes) {
    for (const ValueId input : node.inputs) add_if_outer(input);
    for (const std::string& name : captures(node)) {
      const ValueId local = subgraph.find(name);
      if (local == kNoValue || subgraph.value(local).is_outer) names.add(name);
    }
  }
  for (const ValueId output : subgraph.outputs) add_if_outer(output);
}

void check(const Graph& graph, std::vector<const Graph*>& enclosing) {
  enclosing.push_back(&graph);
  for (const Node& node : graph.nodes) {
    for (const auto& subgraph : node.subgraphs()) {
      for (const Value& value : subgraph->values) {
        if (!value.is_outer) continue;
        const bool is_known = std::any_of(enclosing.begin(), enclosing.end(), [&](const Graph* outer) {
          const ValueId id = outer->find(value.name);
          return id != kNoValue && !outer->value(id).is_outer;
        });
        if (!is_known) {
          fail(ErrorKind::invalid_model, node.label, "its subgraph '{}' reads '{}', which no graph around it defines",
               subgraph->name, value.name);
        }
      }
      check(*subgraph, enclosing);
    }
  }
  enclosing.pop_back();
}

}  // namespace

std::vector<std::string> captures(const Node& node) {
  const std::vector<std::shared_ptr<Graph>> subgraphs = node.subgraphs();
  if (subgraphs.empty()) return {};
  NameList names;
  for (const auto& subgraph : subgraphs) collect(*subgraph, names);
  return names.take();
}

void check_captures(const Graph& graph) {
  std::vector<const Graph*> enclosing;
  check(graph, enclosing);
}

void mark_outer_values(Graph& subgraph) {
  std::vector<bool> is_local(subgraph.values.size(), false);
  const auto mark = [&](ValueId id) {
    if (id != kNoValue) is_local[static_cast<std::size_t>(id)] = true;
  };
  for (const ValueId id : subgraph.inputs) mark(id);
  for (const Node& node : subgraph.nodes) {
    for (const ValueId id : node.outputs) mark(id);
  }
  const auto mark_outer = [&](ValueId id) {
    if (id == kNoValue || is_local[static_cast<std::size_t>(id)]) return;
    Value& value = subgraph.value(id);
    value.is_outer = !value.constant && value.carried_initializer.empty();
  };
  for (const Node& node : subgraph.nodes) {
    for (const ValueId id : node.inputs) mark_outer(id);
  }
  for (const ValueId id : subgraph.outputs) mark_outer(id);
}

}  // namespace zeropoint
