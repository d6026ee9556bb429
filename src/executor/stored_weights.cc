#include "executor/stored_weights.h"

#include <algorithm>
#include <set>

#include "ops/op.h"

namespace zeropoint {
namespace {

constexpr std::size_t kWeight = 1;

class Reader {
 public:
  Reader(Graph& graph, const std::set<std::string>& keep) : graph_(graph), uses_(graph), keep_(keep) {}

  void run() {
    for (Node& node : graph_.nodes) {
      if (node.op_type == "MatMul" && node.domain.empty()) join(node);
    }
  }

 private:
  const Node* producer(ValueId id) const {
    const int index = uses_.producer[static_cast<std::size_t>(id)];
    return index < 0 ? nullptr : &graph_.nodes[static_cast<std::size_t>(index)];
  }

  static bool is(const Node& node, std::string_view op_type) {
    return node.op_type == op_type && node.domain.empty() && node.inputs.size() == 1 && node.inputs[0] != kNoValue;
  }

  static bool is_cast_to_f32(const Node& node) {
    return is(node, "Cast") && node.get_int("to", 0) == static_cast<std::int64_t>(DType::f32);
  }

  static bool swaps_two_axes(const Node& node) {
    if (!is(node, "Transpose")) return false;
    const std::vector<std::int64_t> order = node.get_ints("perm");
    return order.empty() || order == std::vector<std::int64_t>{1, 0};
  }

  void join(Node& product) {
    ValueId id = product.inputs[kWeight];
    bool is_transposed = false;
    bool is_cast = false;
    while (!graph_.is_constant(id)) {
      const Node* node = producer(id);
      if (node == nullptr || keep_.contains(graph_.value(id).name)) return;
      if (is_cast_to_f32(*node)) {
        is_cast = true;
      } else if (swaps_two_axes(*node)) {
        is_transposed = !is_transposed;
      } else {
        return;
      }
      id = node->inputs[0];
    }
    const Tensor& weight = graph_.value(id).constant;
    const bool is_half = weight.dtype() == DType::f16 || weight.dtype() == DType::bf16;
    if (id == product.inputs[kWeight] || weight.rank() != 2) return;
    if (weight.dtype() != DType::f32 && !(is_half && is_cast)) return;
    product.inputs[kWeight] = id;
    product.domain = kFusedDomain;
    product.set("transB", std::int64_t{is_transposed ? 1 : 0});
  }

  Graph& graph_;
  Uses uses_;
  const std::set<std::string>& keep_;
};

/// Casts and transposes of constants that nobody reads.
void erase_unread(Graph& graph, const std::set<std::string>& keep) {
  const Uses uses(graph);
  std::vector<bool> is_read(graph.values.size());
  std::vector<bool> dead(graph.nodes.size());
  for (std::size_t i = 0; i < is_read.size(); ++i) {
    is_read[i] =
        keep.contains(graph.values[i].name) || std::ranges::any_of(uses.consumers[i], [](const Uses::Use& use) {
          return use.node == Uses::kGraphOutput || use.input < 0;  // a capture reads by name
        });
  }
  for (std::size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    const bool may_go = node.domain.empty() && (node.op_type == "Cast" || node.op_type == "Transpose");
    dead[i] = may_go && !is_read[static_cast<std::size_t>(node.outputs[0])];
    if (dead[i]) continue;
    for (const ValueId id : node.inputs) {
      if (id != kNoValue) is_read[static_cast<std::size_t>(id)] = true;
    }
  }
  graph.erase_nodes(dead);
}

}  // namespace

void read_weights_as_stored(Graph& graph, const std::vector<std::string>& keep) {
  const std::set<std::string> kept(keep.begin(), keep.end());
  Reader(graph, kept).run();
  erase_unread(graph, kept);
}

}  // namespace zeropoint
