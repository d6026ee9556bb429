#include "executor/compile.h"

#include <algorithm>

#include "executor/stored_weights.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kNewestOpset = 28;  // of ai.onnx

std::int64_t opset_of(const Opsets& opsets, const Node& node) {
  if (node.domain == kFusedDomain) return 1;
  const auto found = opsets.find(node.domain);
  if (found == opsets.end()) {
    fail(ErrorKind::invalid_model, node.label, "the model imports no opset of the domain '{}'", node.domain);
  }
  return found->second;
}

/// Rows of the table hold for every later opset, which is right up to the newest that they were checked against.
void check_known(const Opsets& opsets) {
  const auto onnx = opsets.find("");
  if (onnx == opsets.end() || onnx->second <= kNewestOpset) return;
  fail(ErrorKind::unsupported, fmt::format("opset {}", onnx->second),
       "the newest that is known is {}; what its operators mean is not", kNewestOpset);
}

const OpSpec& spec_of(const Node& node, std::int64_t opset) {
  const OpSpec* spec = find_op(node.domain, node.op_type, opset);
  if (spec == nullptr) {
    fail(ErrorKind::unsupported, node.label, "the operator {}{}{} is not offered at opset {}", node.domain,
         node.domain.empty() ? "" : ".", node.op_type, opset);
  }
  return *spec;
}

/// Every value is made once, before it is read.
void check_order(const Graph& graph) {
  std::vector<bool> is_made(graph.values.size());
  for (std::size_t i = 0; i < graph.values.size(); ++i) is_made[i] = static_cast<bool>(graph.values[i].constant);
  for (const ValueId id : graph.inputs) is_made[static_cast<std::size_t>(id)] = true;
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.inputs) {
      if (id == kNoValue || is_made[static_cast<std::size_t>(id)]) continue;
      fail(ErrorKind::invalid_model, node.label, "reads '{}', which nothing before it makes", graph.value(id).name);
    }
    for (const ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      if (is_made[static_cast<std::size_t>(id)]) {
        fail(ErrorKind::invalid_model, node.label, "makes '{}' a second time", graph.value(id).name);
      }
      is_made[static_cast<std::size_t>(id)] = true;
    }
  }
  for (const ValueId id : graph.outputs) {
    if (is_made[static_cast<std::size_t>(id)]) continue;
    fail(ErrorKind::invalid_model, fmt::format("output '{}'", graph.value(id).name), "nothing makes it");
  }
}

std::vector<ValueId> captures_of(const Graph& graph, const Node& node) {
  std::vector<ValueId> ids;
  for (const std::string& name : captures(node)) {
    const ValueId id = graph.find(name);
    if (id == kNoValue)
      fail(ErrorKind::invalid_model, node.label, "its subgraph reads '{}', which nothing makes", name);
    ids.push_back(id);
  }
  return ids;
}

/// Runs the nodes that depend on constants alone, except those that a tap wants to see.
void fold_constants(Graph& graph, const Opsets& opsets, PlanServices* services) {
  std::vector<bool> is_done(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (!node.subgraphs().empty()) continue;
    std::vector<ValueFacts> inputs;
    bool is_known = true;
    for (const ValueId id : node.inputs) {
      const Tensor constant = id == kNoValue ? Tensor() : graph.value(id).constant;
      is_known = is_known && (id == kNoValue || constant);
      inputs.push_back({.dtype = constant.dtype(), .shape = constant.shape(), .constant = constant});
    }
    if (!is_known) continue;
    const std::int64_t opset = opset_of(opsets, node);
    const OpSpec& spec = spec_of(node, opset);
    const std::vector<ValueFacts> outputs = spec.infer({node, opset, inputs, services});
    const std::vector<Tensor> values = evaluate_node(node, spec, opset, inputs, outputs, services);
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] != kNoValue) graph.value(node.outputs[k]).constant = values[k];
    }
    is_done[i] = true;
  }
  graph.erase_nodes(is_done);
}

/// Weights that folding read last: only what it made of them is needed.
void forget_unread_constants(Graph& graph, const std::vector<std::string>& taps) {
  const Uses uses(graph);
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    const bool is_tapped = std::ranges::find(taps, graph.values[i].name) != taps.end();
    if (uses.consumers[i].empty() && !is_tapped) graph.values[i].constant = {};
  }
}

void fold_normalizations(Graph& graph, const Opsets& opsets, const std::vector<std::string>& taps) {
  Model model{.graph = deep_copy(graph), .opsets = opsets};  // the caller's subgraphs stay as they are
  fold_batch_norm(model, {taps.begin(), taps.end()});
  graph = std::move(model.graph);
}

}  // namespace

Compiled compile_graph(const Graph& source, const Opsets& opsets, const CompileOptions& options) {
  Compiled compiled{.graph = source, .fuse = options.fuse, .profile = options.profile};
  check_known(opsets);
  Graph& graph = compiled.graph;
  for (Node& node : graph.nodes) {
    if (node.label.empty()) node.label = graph.describe(node);
  }
  for (const std::string& name : captured_values(source)) {
    const ValueId known = graph.find(name);
    graph.inputs.push_back(known != kNoValue ? known : graph.add_value({.name = name, .is_outer = true}));
  }
  check_order(graph);
  for (const Node& node : graph.nodes) spec_of(node, opset_of(opsets, node));
  if (options.fuse) read_weights_as_stored(graph, options.taps);
  fold_constants(graph, opsets, nullptr);
  forget_unread_constants(graph, options.taps);
  if (options.fuse) fold_normalizations(graph, opsets, options.taps);

  compiled.taps.resize(graph.values.size());
  for (std::size_t tap = 0; tap < options.taps.size(); ++tap) {
    const ValueId id = graph.find(options.taps[tap]);
    if (id == kNoValue) fail(ErrorKind::invalid_option, options.taps[tap], "the model has no value of this name");
    compiled.taps[static_cast<std::size_t>(id)].push_back(tap);
  }
  for (const Node& node : graph.nodes) {
    const std::int64_t opset = opset_of(opsets, node);
    compiled.nodes.push_back({.spec = &spec_of(node, opset), .opset = opset, .captures = captures_of(graph, node)});
  }
  return compiled;
}

}  // namespace zeropoint
