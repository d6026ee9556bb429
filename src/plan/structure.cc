#include "plan/structure.h"

#include <algorithm>

#include "plan/node_view.h"
#include "plan/structure_constants.h"
#include "plan/structure_grids.h"

namespace zeropoint {
namespace {

std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

class Decider {
 public:
  Decider(const Graph& graph, const StructureOptions& options)
      : graph_(graph),
        options_(options),
        uses_(graph),
        views_(graph.nodes.size()),
        end_(graph.nodes.size(), kNoValue),
        head_(graph.nodes.size(), -1),
        near_(graph.values.size()),
        asked_by_product_(graph.values.size()),
        asked_(graph.values.size()),
        quantized_(graph.nodes.size()) {}

  Structure decide() {
    const std::vector<std::string> filtered = filter_nodes(graph_, options_.filter);
    for (int n = 0; n < node_count(); ++n) views_[index(n)] = view_node(graph_, node(n), filtered[index(n)]);
    for (int n = 0; n < node_count(); ++n) follow_tail(n);
    ask_for_products();
    find_near();
    decide_nodes();
    Structure structure;
    for (int n = 0; n < node_count(); ++n) structure.nodes.push_back(describe(n));
    structure.grids = make_grids(graph_, {.uses = uses_, .views = views_, .quantized = quantized_, .asked = asked_});
    collect_constants(graph_, uses_, quantized_, structure);
    return structure;
  }

 private:
  static std::size_t index(int n) { return static_cast<std::size_t>(n); }
  int node_count() const { return static_cast<int>(graph_.nodes.size()); }
  const Node& node(int n) const { return graph_.nodes[index(n)]; }
  const NodeView& view(int n) const { return views_[index(n)]; }
  bool is_activation(ValueId v) const { return v != kNoValue && !graph_.is_constant(v); }

  // A node that can be the next link of a product's tail: elementwise, one activation, otherwise constants.
  bool extends_tail(const Node& n, ValueId from, bool after_product) const {
    if (!n.domain.empty() || n.outputs.empty() || n.outputs[0] == kNoValue) return false;
    if (n.op_type == "Relu" || n.op_type == "Clip") return n.inputs[0] == from;
    if (!after_product || n.inputs.size() != 2) return false;
    const bool commutes = n.op_type == "Add" || n.op_type == "Mul";
    if (n.inputs[0] == from)
      return (commutes || n.op_type == "Sub" || n.op_type == "Div") && graph_.is_constant(n.inputs[1]);
    return commutes && n.inputs[1] == from && graph_.is_constant(n.inputs[0]);
  }

  void follow_tail(int n) {
    const NodeView& head = view(n);
    if (!head.blocked.empty() || head_[index(n)] >= 0 || head.results.empty()) return;
    ValueId end = head.results[0];
    const bool has_tail = head.role == OpRole::matrix || head.role == OpRole::pairwise || head.role == OpRole::unary;
    while (has_tail) {
      const int next = uses_.single_consumer(end);
      if (next < 0 || !extends_tail(node(next), end, head.role == OpRole::matrix)) break;
      head_[index(next)] = n;
      end = node(next).outputs[0];
      if (node(next).op_type == "Relu" || node(next).op_type == "Clip") break;
    }
    end_[index(n)] = end;
  }

  bool is_free(int n) const { return view(n).blocked.empty() && head_[index(n)] < 0; }

  template <class Flags>
  bool any_result(int n, const Flags& flags) const {
    const auto& results = view(n).results;
    return std::any_of(results.begin(), results.end(), [&](ValueId v) { return flags[at(v)]; });
  }

  // Which tensors products read, directly or through nodes that move values.
  void ask_for_products() {
    for (int n = node_count(); n-- > 0;) {
      if (!is_free(n)) continue;
      const OpRole role = view(n).role;
      const bool asks = role == OpRole::matrix || (role == OpRole::preserving && any_result(n, asked_by_product_));
      if (!asks) continue;
      for (const ValueId v : view(n).activations) asked_by_product_[at(v)] = true;
    }
  }

  // Which tensors come out of integer arithmetic if it is used wherever it can be.
  void find_near() {
    for (int n = 0; n < node_count(); ++n) {
      if (!is_free(n)) continue;
      if (view(n).role != OpRole::matrix && !inputs_are_near(n)) continue;
      if (view(n).role == OpRole::preserving) {
        for (const ValueId v : view(n).results) near_[at(v)] = true;
      } else {
        near_[at(end_[index(n)])] = true;
      }
    }
  }

  bool inputs_are_near(int n) const {
    const auto& inputs = view(n).activations;
    return std::all_of(inputs.begin(), inputs.end(),
                       [&](ValueId v) { return near_[at(v)] || asked_by_product_[at(v)]; });
  }

  bool is_asked(int n) const {
    return view(n).role == OpRole::preserving ? any_result(n, asked_) : asked_[at(end_[index(n)])];
  }

  // Backwards, so that every reader of a result is decided before the node that computes it.
  void decide_nodes() {
    if (options_.quantize_outputs) {
      for (const ValueId v : graph_.outputs) asked_[at(v)] = is_real_output(v);
    }
    for (int n = node_count(); n-- > 0;) {
      if (!is_free(n)) continue;
      const OpRole role = view(n).role;
      const bool joins = role == OpRole::matrix || (is_asked(n) && (role == OpRole::preserving || inputs_are_near(n)));
      if (!joins) continue;
      quantized_[index(n)] = true;
      for (const ValueId v : view(n).activations) asked_[at(v)] = true;
    }
  }

  // A float output that some node computes. Where the type is not declared, integer arithmetic implies it.
  bool is_real_output(ValueId v) const {
    const DType dtype = graph_.value(v).dtype;
    return is_activation(v) && uses_.producer[at(v)] >= 0 &&
           (dtype == DType::f32 || (dtype == DType::undefined && near_[at(v)]));
  }

  PlanNode describe(int n) const {
    PlanNode row{.name = node_name(graph_, node(n)), .op_type = node(n).op_type};
    const int head = head_[index(n)];
    row.is_quantized = quantized_[index(n)] || (head >= 0 && quantized_[index(head)]);
    if (!row.is_quantized) row.reason = reason(n);
    return row;
  }

  std::string reason(int n) const {
    const int head = head_[index(n)];
    if (head >= 0) return "it follows a node that stays float";
    if (!view(n).blocked.empty()) return view(n).blocked;
    if (is_asked(n)) return "its inputs are computed in float";
    const auto& results = view(n).results;
    const bool is_result =
        std::any_of(results.begin(), results.end(), [&](ValueId v) { return graph_.is_output(v); }) ||
        (end_[index(n)] != kNoValue && graph_.is_output(end_[index(n)]));
    if (is_result) return "its result is a graph output, which stays float unless --quantize-outputs is given";
    return "no integer arithmetic reads its result";
  }

  const Graph& graph_;
  const StructureOptions& options_;
  const Uses uses_;
  std::vector<NodeView> views_;
  std::vector<ValueId> end_;            // per node: the last result of its tail
  std::vector<int> head_;               // per node: the node whose tail it belongs to, or -1
  std::vector<bool> near_;              // per value: integer arithmetic can produce it
  std::vector<bool> asked_by_product_;  // per value: a product reads it
  std::vector<bool> asked_;             // per value: integer arithmetic reads it
  std::vector<bool> quantized_;         // per node, tails not counted
};

}  // namespace

Structure decide_structure(const Graph& graph, const StructureOptions& options) {
  return Decider(graph, options).decide();
}

std::vector<std::string> tensors_to_observe(const Graph& graph, const Structure& structure) {
  std::vector<std::string> names;
  for (const Grid& grid : structure.grids) {
    if (grid.fixed != FixedRange::none) continue;
    for (const ValueId root : grid.roots) names.push_back(graph.value(root).name);
  }
  return names;
}

std::vector<std::string> tensors_with_channels(const Graph& graph, const Structure& structure) {
  std::vector<std::string> names;
  for (const QuantizedBias& bias : structure.biases) {
    const Node& node = graph.nodes[static_cast<std::size_t>(bias.node)];
    const bool has_channels = node.op_type == "Conv" || (node.op_type == "Gemm" && node.get_int("transA", 0) == 0);
    const std::string& name = graph.value(bias.input).name;
    if (has_channels && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace zeropoint
