#include "passes/fold_bias.h"

#include <optional>

#include "base/fail.h"

namespace zeropoint {
namespace {

std::int64_t output_channels(const Node& conv, const Tensor& weight) {
  return conv.op_type == "Conv" ? weight.dim(0) : weight.dim(1) * conv.get_int("group", 1);
}

// The addend per channel, when its shape broadcasts along the channels of [N, C, d1 ... dk] only.
std::optional<std::vector<float>> per_channel(const Tensor& addend, int rank, std::int64_t channels) {
  if (addend.dtype() != DType::f32 || addend.rank() > rank) return std::nullopt;
  const auto values = addend.values<float>();
  if (addend.size() == 1) return std::vector<float>(static_cast<std::size_t>(channels), values[0]);
  const int channel_dim = addend.rank() - (rank - 1);
  if (channel_dim < 0 || addend.size() != channels || addend.dim(channel_dim) != channels) return std::nullopt;
  return std::vector<float>(values.begin(), values.end());
}

struct Fold {
  std::size_t add;
  std::vector<float> bias;  // old and new together
};

std::optional<Fold> match(const Graph& graph, const Uses& uses, std::size_t index) {
  const Node& conv = graph.nodes[index];
  if (!conv.domain.empty() || (conv.op_type != "Conv" && conv.op_type != "ConvTranspose")) return std::nullopt;
  if (!graph.is_constant(conv.inputs[1]) || graph.value(conv.inputs[1]).constant.rank() < 3) return std::nullopt;
  const Tensor& weight = graph.value(conv.inputs[1]).constant;

  const int reader = uses.single_consumer(conv.outputs[0]);
  if (reader < 0) return std::nullopt;
  const Node& add = graph.nodes[static_cast<std::size_t>(reader)];
  if (add.op_type != "Add" || !add.domain.empty()) return std::nullopt;
  const ValueId other = add.inputs[0] == conv.outputs[0] ? add.inputs[1] : add.inputs[0];
  if (!graph.is_constant(other)) return std::nullopt;
  const std::int64_t channels = output_channels(conv, weight);
  auto bias = per_channel(graph.value(other).constant, weight.rank(), channels);
  if (!bias) return std::nullopt;

  if (conv.inputs.size() > 2 && conv.inputs[2] != kNoValue) {
    if (!graph.is_constant(conv.inputs[2])) return std::nullopt;
    const Tensor& old = graph.value(conv.inputs[2]).constant;
    if (old.dtype() != DType::f32 || old.size() != channels) return std::nullopt;
    for (std::size_t c = 0; c < bias->size(); ++c) (*bias)[c] += old.values<float>()[c];
  }
  return Fold{.add = static_cast<std::size_t>(reader), .bias = std::move(*bias)};
}

}  // namespace

PassReport fold_bias(Model& model) {
  Graph& graph = model.graph;
  const Uses uses(graph);
  PassReport report;
  std::vector<bool> dead(graph.nodes.size());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto fold = match(graph, uses, n);
    if (!fold) continue;
    Node& conv = graph.nodes[n];
    const Node& add = graph.nodes[fold->add];
    report.done.push_back({add.label, fmt::format("became the bias of {}", conv.label)});
    const std::string name = graph.fresh_name(graph.value(conv.inputs[1]).name + "_bias");
    const auto channels = static_cast<std::int64_t>(fold->bias.size());
    const ValueId bias = graph.add_constant(name, Tensor::copy_of<float>({channels}, fold->bias));
    conv.inputs.resize(3, kNoValue);
    conv.inputs[2] = bias;
    conv.outputs[0] = add.outputs[0];
    dead[fold->add] = true;
  }
  if (report.done.empty()) return report;
  graph.erase_nodes(dead);
  graph.erase_unused_values();
  return report;
}

}  // namespace zeropoint
