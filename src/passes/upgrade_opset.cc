#include <algorithm>
#include <array>
#include <utility>

#include "base/fail.h"
#include "passes/each_graph.h"
#include "passes/opset/rewrite.h"
#include "passes/opset/upgrade_graph.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kOldestOpset = 6;
constexpr std::int64_t kFirstIrWithFreeInitializers = 4;  // before, each had to be a graph input as well

/// The IR version that came with an opset of ai.onnx (onnx.helper.OP_SET_ID_VERSION_MAP).
struct IrRow {
  std::int64_t opset;
  std::int64_t ir_version;
};
constexpr std::array<IrRow, 12> kIrVersions = {
    {{1, 3}, {9, 4}, {10, 5}, {11, 6}, {12, 7}, {15, 8}, {19, 9}, {21, 10}, {23, 11}, {24, 12}, {25, 13}, {28, 14}}};

std::int64_t ir_version_for(std::int64_t opset) {
  std::int64_t version = 0;
  for (const IrRow& row : kIrVersions) {
    if (row.opset <= opset) version = row.ir_version;
  }
  return version;
}

const OpsetStep* find_step(const Node& node, std::int64_t version) {
  if (!node.domain.empty()) return nullptr;
  for (const auto steps : {attribute_to_input_steps(), broadcast_steps(), normalization_steps(), resize_steps(),
                           softmax_steps(), renamed_and_refused_steps()}) {
    for (const OpsetStep& step : steps) {
      if (step.version == version && step.op_type == node.op_type) return &step;
    }
  }
  return nullptr;
}

/// The one float type that the weights and inputs of the model have; undefined when there are several.
DType float_of(const Graph& graph) {
  DType found = DType::undefined;
  for (const Value& value : graph.values) {
    if (!is_float(value.dtype) || bits(value.dtype) < 16) continue;
    if (found != DType::undefined && found != value.dtype) return DType::undefined;
    found = value.dtype;
  }
  return found;
}

class Upgrade {
 public:
  Upgrade(Graph& graph, const KnownShapes& shapes, DType model_float, PassReport& report)
      : graph_(graph), shapes_(shapes), model_float_(model_float), report_(report) {}

  void to(std::int64_t version) {
    std::vector<Node> nodes;
    nodes.reserve(graph_.nodes.size());
    const auto add = [&](Node node) {
      if (node.label.empty()) node.label = graph_.describe(node);
      nodes.push_back(std::move(node));
    };
    for (const Node& node : graph_.nodes) {
      Node written = node;  // the graph keeps its node until the end: steps look at all of them
      const OpsetStep* step = find_step(node, version);
      if (step == nullptr) {
        add(std::move(written));
        continue;
      }
      NodeRewrite rewrite(graph_, written, shapes_, model_float_, version);
      step->apply(rewrite);
      written.label = graph_.describe(written);
      for (Node& each : rewrite.before) add(std::move(each));
      add(std::move(written));
      for (Node& each : rewrite.after) add(std::move(each));
      report_.done.push_back({node.label, fmt::format("written for opset {}", version)});
    }
    graph_.nodes = std::move(nodes);
  }

 private:
  Graph& graph_;
  const KnownShapes& shapes_;
  DType model_float_;
  PassReport& report_;
};

}  // namespace

void upgrade_graph(Graph& graph, const std::map<std::string, std::int64_t>& opsets, std::int64_t opset,
                   PassReport& report) {
  const DType model_float = float_of(graph);
  const std::int64_t from = opsets.at("");
  for_each_graph(graph, [&](Graph& each) {
    const KnownShapes shapes(each, opsets);
    Upgrade upgrade(each, shapes, model_float, report);
    for (std::int64_t version = from + 1; version <= opset; ++version) upgrade.to(version);
    each.erase_unused_values();
  });
}

PassReport upgrade_opset(Model& model, std::int64_t opset) {
  PassReport report;
  const std::int64_t from = model.opset();
  if (from >= opset) return report;
  if (from != 0 && from < kOldestOpset) {
    fail(ErrorKind::unsupported, model.source, "is of opset {}: models older than opset {} are not upgraded", from,
         kOldestOpset);
  }
  Model upgraded = model;
  upgraded.graph = deep_copy(model.graph);
  report = inline_functions(upgraded);
  if (from != 0) upgrade_graph(upgraded.graph, upgraded.opsets, opset, report);
  upgraded.opsets[""] = opset;
  upgraded.ir_version = std::max(model.ir_version, ir_version_for(opset));
  if (upgraded.ir_version >= kFirstIrWithFreeInitializers && model.ir_version < kFirstIrWithFreeInitializers) {
    upgraded.graph.input_initializers.clear();
  }
  model = std::move(upgraded);
  return report;
}

}  // namespace zeropoint
