#include "passes/each_graph.h"
#include "passes/node_values.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kDropoutTrainsByAttribute = 6;  // up to here `is_test` says
constexpr std::size_t kTrainingMode = 2;               // input of Dropout-12

/// Why a Dropout may drop something; empty when it passes its input on.
std::string why_active(const Graph& graph, const Node& node, std::int64_t opset) {
  if (opset <= kDropoutTrainsByAttribute && node.get_int("is_test", 0) == 0) return "it is in training mode";
  const ValueId mode = input_of(node, kTrainingMode);
  if (mode == kNoValue) return "";
  const Tensor& training = graph.value(mode).constant;
  const bool is_off =
      training && training.dtype() == DType::boolean && training.size() == 1 && !training.data<bool>()[0];
  return is_off ? "" : "its training_mode is not the constant false";
}

class Remover {
 public:
  Remover(Graph& graph, std::int64_t opset, PassReport& report)
      : graph_(graph), opset_(opset), report_(report), uses_(graph), is_output_(graph.values.size(), false) {
    for (const ValueId id : graph.outputs) is_output_[static_cast<std::size_t>(id)] = true;
  }

  void run() {
    std::vector<bool> dead(graph_.nodes.size(), false);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      const bool is_candidate = node.domain.empty() && (node.op_type == "Identity" || node.op_type == "Dropout");
      if (!is_candidate || input_of(node, 0) == kNoValue || output_of(node, 0) == kNoValue) continue;
      const std::string reason = remove(node);
      dead[n] = reason.empty();
      (dead[n] ? report_.done : report_.declined)
          .push_back({node.label, dead[n] ? "removed: it passes its input on" : reason});
    }
    graph_.erase_nodes(dead);
  }

 private:
  /// Connects around the node; the reason why not.
  std::string remove(const Node& node) {
    if (node.op_type == "Dropout") {
      if (std::string reason = why_active(graph_, node, opset_); !reason.empty()) return reason;
      const ValueId mask = output_of(node, 1);
      if (mask != kNoValue && !consumers(mask).empty()) return "its mask is read";
    }
    const ValueId from = node.outputs[0];
    const ValueId to = node.inputs[0];
    if (!is_output_[static_cast<std::size_t>(from)]) {
      redirect(from, to);
      return "";
    }
    const int producer = uses_.producer[static_cast<std::size_t>(to)];
    if (producer < 0 || is_output_[static_cast<std::size_t>(to)]) return "it is what gives a graph output its name";
    redirect(to, from);
    for (ValueId& id : graph_.nodes[static_cast<std::size_t>(producer)].outputs) {
      if (id == to) id = from;
    }
    uses_.producer[static_cast<std::size_t>(from)] = producer;
    return "";
  }

  std::vector<Uses::Use>& consumers(ValueId id) { return uses_.consumers[static_cast<std::size_t>(id)]; }

  /// Graph::replace_uses() for a value that is no graph output, visiting only its consumers.
  void redirect(ValueId from, ValueId to) {
    for (const Uses::Use& use : consumers(from)) {
      if (use.input < 0) {  // read inside a subgraph
        graph_.replace_uses(from, to);
      } else {
        graph_.nodes[static_cast<std::size_t>(use.node)].inputs[static_cast<std::size_t>(use.input)] = to;
      }
      consumers(to).push_back(use);
    }
    consumers(from).clear();
  }

  Graph& graph_;
  std::int64_t opset_;
  PassReport& report_;
  Uses uses_;
  std::vector<bool> is_output_;
};

}  // namespace

PassReport remove_identities(Model& model) {
  PassReport report;
  for_each_graph(model.graph, [&](Graph& graph) { Remover(graph, model.opset(), report).run(); });
  return report;
}

}  // namespace zeropoint
