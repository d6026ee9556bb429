#include "plan/structure.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "base/fail.h"

namespace zeropoint {
namespace {

std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

/// A node as the rules see it: its role here, which inputs are activations, and what blocks it.
struct NodeView {
  OpRole role = OpRole::in_float;
  FixedRange output = FixedRange::none;
  std::vector<ValueId> activations;  // the inputs that would be quantized on a grid
  std::vector<ValueId> results;      // the outputs that carry activation values
  std::string blocked;               // why it must stay float; empty when nothing forbids it
};

bool is_zero_pad(const Graph& graph, const Node& node) {
  if (node.get_string("mode", "constant") != "constant") return true;
  if (node.inputs.size() < 3 || node.inputs[2] == kNoValue) return node.get_float("value", 0) == 0;
  const Tensor& value = graph.value(node.inputs[2]).constant;
  return value && value.dtype() == DType::f32 && value.size() == 1 && value.values<float>()[0] == 0;
}

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
    for (int n = 0; n < node_count(); ++n) views_[index(n)] = look_at(node(n), filtered[index(n)]);
    for (int n = 0; n < node_count(); ++n) follow_tail(n);
    ask_for_products();
    find_near();
    decide_nodes();
    Structure structure;
    for (int n = 0; n < node_count(); ++n) structure.nodes.push_back(describe(n));
    structure.grids = make_grids();
    collect_constants(structure);
    return structure;
  }

 private:
  static std::size_t index(int n) { return static_cast<std::size_t>(n); }
  int node_count() const { return static_cast<int>(graph_.nodes.size()); }
  const Node& node(int n) const { return graph_.nodes[index(n)]; }
  const NodeView& view(int n) const { return views_[index(n)]; }
  bool is_activation(ValueId v) const { return v != kNoValue && !graph_.is_constant(v); }

  NodeView look_at(const Node& n, const std::string& filtered) const {
    const OpRule& rule = op_rule(n.domain, n.op_type);
    NodeView view{.role = rule.role, .output = rule.output, .blocked = filtered};
    if (n.op_type == "Resize" && n.get_string("mode", "nearest") != "nearest") view.role = OpRole::unary;
    const std::size_t data_inputs = view.role == OpRole::matrix || view.role == OpRole::pairwise ? 2
                                    : n.op_type == "Concat"                                      ? n.inputs.size()
                                                                                                 : 1;
    for (std::size_t i = 0; i < std::min(data_inputs, n.inputs.size()); ++i) {
      if (is_activation(n.inputs[i])) view.activations.push_back(n.inputs[i]);
    }
    const std::size_t results = n.op_type == "Split" ? n.outputs.size() : 1;
    for (std::size_t i = 0; i < std::min(results, n.outputs.size()); ++i) {
      if (n.outputs[i] != kNoValue) view.results.push_back(n.outputs[i]);
    }
    if (view.blocked.empty()) view.blocked = obstacle(n, view, rule);
    return view;
  }

  std::string obstacle(const Node& n, const NodeView& view, const OpRule& rule) const {
    if (view.role == OpRole::in_float) return std::string(rule.reason);
    if (view.activations.empty() || view.results.empty()) return "it reads constants only";
    for (const ValueId v : n.inputs) {
      if (v == kNoValue || view.role == OpRole::preserving) continue;
      const Value& value = graph_.value(v);
      const DType dtype = value.constant ? value.constant.dtype() : value.dtype;
      if (is_float(dtype) && dtype != DType::f32) return fmt::format("it computes in {}", name(dtype));
    }
    switch (view.role) {
      case OpRole::matrix:
        if (n.op_type != "MatMul" && !graph_.is_constant(n.inputs[1])) return "its weights are computed at run time";
        break;
      case OpRole::pairwise:
        if (view.activations.size() < 2) return "one operand is constant: the result is quantized, not the operands";
        if (n.inputs[0] == n.inputs[1]) return "squares and doubles are computed in float";
        break;
      case OpRole::preserving:
        if (n.op_type == "Concat" && view.activations.size() < n.inputs.size()) return "it joins constants";
        if (n.op_type == "Pad" && !is_zero_pad(graph_, n)) return "it pads with another value than 0";
        break;
      default:
        break;
    }
    return "";
  }

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

  // ---- grids

  std::vector<Grid> make_grids() const {
    std::vector<ValueId> parent(graph_.values.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto find = [&](ValueId v) {
      while (parent[at(v)] != v) v = parent[at(v)] = parent[at(parent[at(v)])];
      return v;
    };
    for (int n = 0; n < node_count(); ++n) {
      if (!quantized_[index(n)] || view(n).role != OpRole::preserving) continue;
      const ValueId group = find(view(n).activations[0]);
      for (const ValueId v : view(n).activations) parent[at(find(v))] = group;
      for (const ValueId v : view(n).results) parent[at(find(v))] = group;
    }

    std::vector<Grid> grids;
    std::map<ValueId, std::size_t> grid_of;
    const auto add = [&](ValueId v) {
      if (!is_on_grid(v)) return;
      const auto [entry, is_new] = grid_of.try_emplace(find(v), grids.size());
      if (is_new) grids.emplace_back();
      Grid& grid = grids[entry->second];
      grid.members.push_back(v);
      const int producer = uses_.producer[at(v)];
      const bool is_moved = producer >= 0 && quantized_[index(producer)] && view(producer).role == OpRole::preserving;
      if (!is_moved) grid.roots.push_back(v);
    };
    for (const ValueId v : graph_.inputs) add(v);
    for (const Node& n : graph_.nodes) {
      for (const ValueId v : n.outputs) {
        if (v != kNoValue) add(v);
      }
    }
    for (Grid& grid : grids) grid.fixed = common_fixed_range(grid);
    return grids;
  }

  // Asked for, or moved by a quantized node together with a tensor that is.
  bool is_on_grid(ValueId v) const {
    if (!is_activation(v)) return false;
    if (asked_[at(v)]) return true;
    const int producer = uses_.producer[at(v)];
    return producer >= 0 && quantized_[index(producer)] && view(producer).role == OpRole::preserving &&
           std::find(view(producer).results.begin(), view(producer).results.end(), v) != view(producer).results.end();
  }

  FixedRange common_fixed_range(const Grid& grid) const {
    std::optional<FixedRange> common;
    for (const ValueId root : grid.roots) {
      const int producer = uses_.producer[at(root)];
      const FixedRange fixed = producer < 0 ? FixedRange::none : view(producer).output;
      if (common && *common != fixed) return FixedRange::none;
      common = fixed;
    }
    return common.value_or(FixedRange::none);
  }

  // ---- weights and biases

  // The axis of the output channels of constant input `i`, or -1.
  int channel_axis(const Node& n, std::size_t i) const {
    if (n.op_type == "Conv") return 0;
    if (n.op_type == "ConvTranspose") return 1;
    if (i == 0) return -1;
    if (n.op_type == "Gemm") return n.get_int("transB", 0) != 0 ? 0 : 1;
    const int rank = graph_.value(n.inputs[1]).constant.rank();
    return rank >= 2 ? rank - 1 : -1;
  }

  void collect_constants(Structure& structure) const {
    std::map<ValueId, std::size_t> row_of;
    for (int n = 0; n < node_count(); ++n) {
      if (!quantized_[index(n)] || view(n).role != OpRole::matrix) continue;
      for (std::size_t i = 0; i < 2; ++i) {
        const ValueId v = node(n).inputs[i];
        if (!graph_.is_constant(v)) continue;
        const int axis = channel_axis(node(n), i);
        const auto [entry, is_new] = row_of.try_emplace(v, structure.weights.size());
        if (is_new) structure.weights.push_back({.value = v, .axis = axis});
        PlannedWeight& weight = structure.weights[entry->second];
        weight.has_conflict = weight.has_conflict || weight.axis != axis;
        if (weight.has_conflict) weight.axis = -1;
        weight.users.push_back(n);
      }
      if (has_integer_bias(node(n))) {
        structure.biases.push_back(
            {.value = node(n).inputs[2], .input = node(n).inputs[0], .weight = node(n).inputs[1], .node = n});
      }
    }
  }

  // One float per output channel, added unscaled, read by this node alone.
  bool has_integer_bias(const Node& n) const {
    if (n.inputs.size() < 3 || !graph_.is_constant(n.inputs[2])) return false;
    const Tensor& bias = graph_.value(n.inputs[2]).constant;
    if (bias.rank() != 1 || bias.dtype() != DType::f32 || uses_.consumers[at(n.inputs[2])].size() != 1) return false;
    if (n.op_type != "Gemm") return true;
    const Tensor& b = graph_.value(n.inputs[1]).constant;
    return n.get_float("alpha", 1) == 1 && n.get_float("beta", 1) == 1 && is_activation(n.inputs[0]) &&
           bias.dim(0) == b.dim(channel_axis(n, 1));
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
