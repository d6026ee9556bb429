#include <functional>
#include <queue>
#include <utility>

#include "base/fail.h"
#include "graph/graph.h"

namespace zeropoint {
namespace {

/// What each node waits for: the indices of the nodes that make its inputs, once per use.
struct Dependencies {
  std::vector<std::vector<int>> producers;
  std::vector<std::vector<int>> consumers;
};

bool is_given(const Graph& graph, ValueId id, const std::vector<bool>& is_input) {
  const Value& value = graph.value(id);
  return value.constant || value.is_outer || !value.carried_initializer.empty() ||
         is_input[static_cast<std::size_t>(id)];
}

Dependencies dependencies(const Graph& graph) {
  std::vector<bool> is_input(graph.values.size(), false);
  for (const ValueId id : graph.inputs) is_input[static_cast<std::size_t>(id)] = true;

  std::vector<int> producer(graph.values.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs) {
      if (id == kNoValue) continue;
      int& made_by = producer[static_cast<std::size_t>(id)];
      if (made_by != -1) {
        fail(ErrorKind::invalid_model, graph.nodes[n].label, "makes '{}', which {} makes already", graph.value(id).name,
             graph.nodes[static_cast<std::size_t>(made_by)].label);
      }
      if (is_given(graph, id, is_input)) {
        fail(ErrorKind::invalid_model, graph.nodes[n].label, "makes '{}', which is a graph input or an initializer",
             graph.value(id).name);
      }
      made_by = static_cast<int>(n);
    }
  }

  Dependencies all{.producers = std::vector<std::vector<int>>(graph.nodes.size()),
                   .consumers = std::vector<std::vector<int>>(graph.nodes.size())};
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto depend_on = [&](ValueId id) {
      if (id == kNoValue || is_given(graph, id, is_input)) return;
      const int made_by = producer[static_cast<std::size_t>(id)];
      if (made_by == -1) {
        fail(ErrorKind::invalid_model, graph.nodes[n].label,
             "reads '{}', which no node makes and no graph input or initializer provides", graph.value(id).name);
      }
      all.producers[n].push_back(made_by);
      all.consumers[static_cast<std::size_t>(made_by)].push_back(static_cast<int>(n));
    };
    for (const ValueId id : graph.nodes[n].inputs) depend_on(id);
    for (const std::string& name : captures(graph.nodes[n])) depend_on(graph.find(name));
  }
  for (const ValueId id : graph.outputs) {
    if (producer[static_cast<std::size_t>(id)] == -1 && !is_given(graph, id, is_input)) {
      fail(ErrorKind::invalid_model, "graph", "output '{}' is made by no node", graph.value(id).name);
    }
  }
  return all;
}

bool is_sorted(const Dependencies& all) {
  for (std::size_t n = 0; n < all.producers.size(); ++n) {
    for (const int producer : all.producers[n]) {
      if (producer >= static_cast<int>(n)) return false;
    }
  }
  return true;
}

/// Follows unsorted producers until a node repeats: that node is on a cycle.
[[noreturn]] void fail_on_cycle(const Graph& graph, const Dependencies& all, const std::vector<bool>& sorted) {
  std::size_t node = 0;
  while (sorted[node]) ++node;
  std::vector<bool> seen(graph.nodes.size(), false);
  while (!seen[node]) {
    seen[node] = true;
    for (const int producer : all.producers[node]) {
      if (sorted[static_cast<std::size_t>(producer)]) continue;
      node = static_cast<std::size_t>(producer);
      break;
    }
  }
  fail(ErrorKind::invalid_model, graph.nodes[node].label, "is part of a cycle: it waits for its own output");
}

}  // namespace

void Graph::sort() {
  const Dependencies all = dependencies(*this);
  if (is_sorted(all)) return;

  std::vector<std::size_t> waiting(nodes.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;  // lowest index first: stable
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    waiting[n] = all.producers[n].size();
    if (waiting[n] == 0) ready.push(static_cast<int>(n));
  }
  std::vector<int> order;
  std::vector<bool> sorted(nodes.size(), false);
  while (!ready.empty()) {
    const int n = ready.top();
    ready.pop();
    order.push_back(n);
    sorted[static_cast<std::size_t>(n)] = true;
    for (const int consumer : all.consumers[static_cast<std::size_t>(n)]) {
      if (--waiting[static_cast<std::size_t>(consumer)] == 0) ready.push(consumer);
    }
  }
  if (order.size() != nodes.size()) fail_on_cycle(*this, all, sorted);

  std::vector<Node> in_order;
  in_order.reserve(nodes.size());
  for (const int n : order) in_order.push_back(std::move(nodes[static_cast<std::size_t>(n)]));
  nodes = std::move(in_order);
}

}  // namespace zeropoint
