#include "graph/graph.h"

#include <algorithm>
#include <utility>

#include "base/fail.h"

namespace zeropoint {
namespace {

/// Redirects what `subgraph` reads of an enclosing graph from one name to another.
void redirect_capture(Graph& subgraph, const std::string& from, const std::string& to) {
  const ValueId captured = subgraph.find(from);
  if (captured != kNoValue && !subgraph.value(captured).is_outer) return;  // a local value of that name hides it
  const ValueId target = subgraph.find(to);
  if (target != kNoValue && !subgraph.value(target).is_outer) subgraph.rename(target, subgraph.fresh_name(to));
  for (Node& node : subgraph.nodes) {
    for (const auto& inner : node.subgraphs()) redirect_capture(*inner, from, to);
  }
  if (captured == kNoValue) return;
  if (target != kNoValue && subgraph.value(target).is_outer) {
    subgraph.replace_uses(captured, target);
  } else {
    subgraph.rename(captured, to);
  }
}

}  // namespace

ValueId Graph::add_value(Value value) {
  const auto id = static_cast<ValueId>(values.size());
  if (!by_name_.try_emplace(value.name, id).second) {
    fail(ErrorKind::internal, "graph", "a value named '{}' exists already", value.name);
  }
  values.push_back(std::move(value));
  return id;
}

ValueId Graph::add_constant(std::string constant_name, Tensor tensor) {
  Value value{.name = std::move(constant_name), .dtype = tensor.dtype()};
  value.shape.emplace();
  for (const std::int64_t dim : tensor.shape()) value.shape->push_back({.value = dim});
  value.constant = std::move(tensor);
  return add_value(std::move(value));
}

ValueId Graph::find(std::string_view value_name) const {
  const auto it = by_name_.find(value_name);
  return it == by_name_.end() ? kNoValue : it->second;
}

void Graph::rename(ValueId id, std::string new_name) {
  if (new_name == value(id).name) return;
  if (!by_name_.try_emplace(new_name, id).second) {
    fail(ErrorKind::internal, "graph", "a value named '{}' exists already", new_name);
  }
  const std::string old_name = std::exchange(value(id).name, std::move(new_name));
  by_name_.erase(old_name);
  if (value(id).is_outer) return;
  for (Node& node : nodes) {
    for (const auto& subgraph : node.subgraphs()) redirect_capture(*subgraph, old_name, value(id).name);
  }
}

std::string Graph::fresh_name(std::string_view stem) const {
  std::string candidate(stem);
  for (int suffix = 1; by_name_.contains(candidate); ++suffix) candidate = fmt::format("{}_{}", stem, suffix);
  return candidate;
}

std::string Graph::describe(const Node& node) const {
  if (!node.name.empty()) return fmt::format("node '{}' ({})", node.name, node.op_type);
  for (const ValueId output : node.outputs) {
    if (output != kNoValue) return fmt::format("node '{}' ({})", value(output).name, node.op_type);
  }
  return fmt::format("node without a name ({})", node.op_type);
}

Node& Graph::add_node(Node node, std::size_t position) {
  node.label = describe(node);
  const auto at = static_cast<std::ptrdiff_t>(std::min(position, nodes.size()));
  return *nodes.insert(nodes.begin() + at, std::move(node));
}

bool Graph::is_output(ValueId id) const { return std::find(outputs.begin(), outputs.end(), id) != outputs.end(); }

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node& node : nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), from, to);
    for (const auto& subgraph : node.subgraphs()) redirect_capture(*subgraph, value(from).name, value(to).name);
  }
  std::replace(outputs.begin(), outputs.end(), from, to);
}

void Graph::erase_nodes(const std::vector<bool>& dead) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (dead[i]) continue;
    if (kept != i) nodes[kept] = std::move(nodes[i]);
    ++kept;
  }
  nodes.resize(kept);
}

void Graph::erase_unused_values() {
  std::vector<bool> used(values.size(), false);
  const auto mark = [&](ValueId id) {
    if (id != kNoValue) used[static_cast<std::size_t>(id)] = true;
  };
  for (const ValueId id : inputs) mark(id);
  for (const ValueId id : outputs) mark(id);
  for (const Node& node : nodes) {
    for (const ValueId id : node.inputs) mark(id);
    for (const ValueId id : node.outputs) mark(id);
    for (const std::string& captured : captures(node)) mark(find(captured));
  }
  std::vector<ValueId> moved(values.size(), kNoValue);
  std::vector<Value> kept;
  by_name_.clear();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!used[i]) continue;
    moved[i] = static_cast<ValueId>(kept.size());
    by_name_.emplace(values[i].name, moved[i]);
    kept.push_back(std::move(values[i]));
  }
  values = std::move(kept);
  const auto renumber = [&](std::vector<ValueId>& ids) {
    for (ValueId& id : ids) {
      if (id != kNoValue) id = moved[static_cast<std::size_t>(id)];
    }
  };
  renumber(inputs);
  renumber(outputs);
  for (Node& node : nodes) {
    renumber(node.inputs);
    renumber(node.outputs);
  }
  std::vector<InputInitializer> listed;
  for (const InputInitializer& entry : input_initializers) {
    const ValueId id = moved[static_cast<std::size_t>(entry.value)];
    if (id != kNoValue) listed.push_back({id, entry.position});
  }
  input_initializers = std::move(listed);
}

Graph deep_copy(const Graph& graph) {
  Graph copy = graph;
  for (Node& node : copy.nodes) {
    for (Attribute& attribute : node.attributes) {
      if (auto* one = std::get_if<std::shared_ptr<Graph>>(&attribute.value); one != nullptr && *one != nullptr) {
        *one = std::make_shared<Graph>(deep_copy(**one));
      } else if (auto* many = std::get_if<std::vector<std::shared_ptr<Graph>>>(&attribute.value)) {
        for (auto& subgraph : *many) subgraph = std::make_shared<Graph>(deep_copy(*subgraph));
      }
    }
  }
  return copy;
}

std::int64_t Model::opset(std::string_view domain) const {
  const auto it = opsets.find(std::string(domain == "ai.onnx" ? "" : domain));
  return it == opsets.end() ? 0 : it->second;
}

}  // namespace zeropoint
