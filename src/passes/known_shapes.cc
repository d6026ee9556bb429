#include "passes/known_shapes.h"

#include <algorithm>

#include "ops/op.h"

namespace zeropoint {
namespace {

using Opsets = std::map<std::string, std::int64_t>;

// Unknown sizes are replaced by one number, then by another: what comes out the same is known.
constexpr std::int64_t kProbes[] = {3, 5};

std::vector<ValueFacts> declared_facts(const Graph& graph, std::int64_t probe) {
  std::vector<ValueFacts> facts(graph.values.size());
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const Value& value = graph.values[i];
    if (value.constant) {
      facts[i] = {.dtype = value.constant.dtype(), .shape = value.constant.shape(), .constant = value.constant};
    } else if (value.dtype != DType::undefined && value.shape) {
      facts[i].dtype = value.dtype;
      for (const Dim& dim : *value.shape) facts[i].shape.push_back(dim.value >= 0 ? dim.value : probe);
    }
  }
  return facts;
}

void infer(const Graph& graph, const Node& node, const Opsets& opsets, std::vector<ValueFacts>& facts) {
  const auto opset = opsets.find(node.domain);
  const OpSpec* spec = opset == opsets.end() ? nullptr : find_op(node.domain, node.op_type, opset->second);
  if (spec == nullptr || !node.subgraphs().empty()) return;
  std::vector<ValueFacts> inputs;
  for (const ValueId id : node.inputs) {
    inputs.push_back(id == kNoValue ? ValueFacts{} : facts[static_cast<std::size_t>(id)]);
    if (id != kNoValue && !inputs.back()) return;
    if (inputs.back().is_dynamic) return;
  }
  try {
    const std::vector<ValueFacts> outputs = spec->infer({.node = node, .opset = opset->second, .inputs = inputs});
    for (std::size_t i = 0; i < std::min(outputs.size(), node.outputs.size()); ++i) {
      if (node.outputs[i] == kNoValue || graph.is_constant(node.outputs[i])) continue;
      facts[static_cast<std::size_t>(node.outputs[i])] = outputs[i];
    }
  } catch (const Error&) {
    return;  // the probe does not fit, or the model is wrong: compile() will tell
  }
}

std::vector<ValueFacts> probe_facts(const Graph& graph, const Opsets& opsets, std::int64_t probe) {
  std::vector<ValueFacts> facts = declared_facts(graph, probe);
  for (const Node& node : graph.nodes) infer(graph, node, opsets, facts);
  return facts;
}

}  // namespace

KnownShapes::KnownShapes(const Graph& graph, const Opsets& opsets) : known_(graph.values.size()) {
  const std::vector<ValueFacts> first = probe_facts(graph, opsets, kProbes[0]);
  const std::vector<ValueFacts> second = probe_facts(graph, opsets, kProbes[1]);
  for (std::size_t i = 0; i < known_.size(); ++i) {
    const Value& value = graph.values[i];
    Known& known = known_[i];
    known.dtype = first[i].dtype == second[i].dtype && first[i] ? first[i].dtype : value.dtype;
    const bool both = first[i] && second[i] && !first[i].is_dynamic && !second[i].is_dynamic;
    if (!both || first[i].shape.size() != second[i].shape.size()) continue;
    known.dims.emplace();
    for (std::size_t d = 0; d < first[i].shape.size(); ++d) {
      known.dims->push_back(first[i].shape[d] == second[i].shape[d] ? first[i].shape[d] : -1);
    }
  }
}

DType KnownShapes::dtype(ValueId id) const {
  return id >= 0 && static_cast<std::size_t>(id) < known_.size() ? known_[static_cast<std::size_t>(id)].dtype
                                                                 : DType::undefined;
}

std::optional<std::int64_t> KnownShapes::rank(ValueId id) const {
  if (id < 0 || static_cast<std::size_t>(id) >= known_.size()) return std::nullopt;
  const auto& dims = known_[static_cast<std::size_t>(id)].dims;
  if (!dims) return std::nullopt;
  return static_cast<std::int64_t>(dims->size());
}

std::optional<std::int64_t> KnownShapes::dim(ValueId id, std::int64_t axis) const {
  const std::optional<std::int64_t> known_rank = rank(id);
  if (!known_rank || axis < 0 || axis >= *known_rank) return std::nullopt;
  const std::int64_t size = (*known_[static_cast<std::size_t>(id)].dims)[static_cast<std::size_t>(axis)];
  if (size < 0) return std::nullopt;
  return size;
}

}  // namespace zeropoint
