#include "methods/weight_target.h"

#include <algorithm>
#include <optional>

#include "tensor/reals.h"
#include "tensor/transpose.h"

namespace zeropoint {
namespace {

bool is_weight_type(DType dtype) { return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16; }

class Finder {
 public:
  Finder(const Model& model, const NodeFilter& filter, const KeepWeight& keep)
      : graph_(model.graph), uses_(graph_), filtered_(filter_nodes(graph_, filter)), keep_(keep) {}

  WeightTargets run() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) look_at(static_cast<int>(i));
    return std::move(result_);
  }

 private:
  struct Found {
    ValueId constant = kNoValue;
    bool is_transposed = false;  // an odd number of times between the constant and its reader
    DType dtype = DType::undefined;
    bool is_shared = false;  // something else reads it too
  };

  /// The constant behind Cast, Transpose and Identity nodes.
  std::optional<Found> constant_behind(ValueId id) const {
    Found found;
    while (id != kNoValue) {
      found.is_shared |= uses_.single_consumer(id) < 0;
      if (graph_.is_constant(id)) {
        found.constant = id;
        if (found.dtype == DType::undefined) found.dtype = graph_.value(id).constant.dtype();
        return found;
      }
      const int producer = uses_.producer[static_cast<std::size_t>(id)];
      if (producer < 0) return std::nullopt;
      const Node& node = graph_.nodes[static_cast<std::size_t>(producer)];
      const bool is_cast = node.op_type == "Cast" && node.domain.empty();
      const bool is_transpose = node.op_type == "Transpose" && node.domain.empty();
      const bool is_identity = node.op_type == "Identity" && node.domain.empty();
      if (!is_cast && !is_transpose && !is_identity) return std::nullopt;
      if (is_cast && found.dtype == DType::undefined) found.dtype = static_cast<DType>(node.get_int("to", 0));
      if (is_transpose) {
        const std::vector<std::int64_t> perm = node.get_ints("perm", {1, 0});
        if (perm != std::vector<std::int64_t>{1, 0}) return std::nullopt;
        found.is_transposed = !found.is_transposed;
      }
      id = node.inputs[0];
    }
    return std::nullopt;
  }

  void look_at(int index) {
    const Node& node = graph_.nodes[static_cast<std::size_t>(index)];
    const bool is_conv = node.op_type == "Conv";
    if (!node.domain.empty() || node.inputs.size() < 2) return;
    if (node.op_type != "MatMul" && node.op_type != "Gemm" && !is_conv) return;
    const std::optional<Found> found = constant_behind(node.inputs[1]);
    if (!found) {
      if (const auto left = constant_behind(node.inputs[0])) decline(node, *left, "the constant is the left operand");
      return;
    }
    const Value& value = graph_.value(found->constant);
    WeightTarget target{.node = index,
                        .activation = node.inputs[0],
                        .constant = found->constant,
                        .name = value.name,
                        .is_in_out = !is_conv && node.get_int("transB", 0) == 0,
                        .dtype = found->dtype,
                        .shape = value.constant.shape()};
    target.is_stored_in_out = target.is_in_out != found->is_transposed;
    const std::string reason = why_not(node, *found, target);
    if (!reason.empty()) return decline(node, *found, reason);
    if (found->is_transposed) std::swap(target.shape[0], target.shape[1]);
    result_.targets.push_back(std::move(target));
  }

  std::string why_not(const Node& node, const Found& found, const WeightTarget& target) const {
    if (const std::string& by_user = filtered_[static_cast<std::size_t>(target.node)]; !by_user.empty()) return by_user;
    if (keep_) {
      if (std::string reason = keep_(target.name); !reason.empty()) return reason;
    }
    if (!is_weight_type(target.dtype) || !is_weight_type(graph_.value(target.constant).constant.dtype())) {
      return "the weight is no float16, bfloat16 or float32";
    }
    if (element_count(target.shape) == 0) return "the weight is empty";
    if (node.op_type == "Conv" && target.shape.size() < 3) return "the weight has no kernel";
    if (node.op_type == "Conv" && found.is_transposed) return "the weight is transposed";
    if (node.op_type == "Conv" && node.get_int("group", 1) != 1) return "the convolution has several groups";
    if (node.op_type != "Conv" && target.shape.size() != 2) return "the weight is no matrix";
    if (found.is_shared) return "other nodes read the weight too";
    if (graph_.is_constant(target.activation)) return "its input is a constant";
    return {};
  }

  void decline(const Node& node, const Found& found, std::string reason) {
    result_.declined.push_back({node_name(graph_, node), graph_.value(found.constant).name, std::move(reason)});
  }

  const Graph& graph_;
  const Uses uses_;
  const std::vector<std::string> filtered_;
  const KeepWeight& keep_;
  WeightTargets result_;
};

}  // namespace

WeightTargets find_weight_targets(const Model& model, const NodeFilter& filter, const KeepWeight& keep) {
  return Finder(model, filter, keep).run();
}

Tensor weight_matrix(const Graph& graph, const WeightTarget& target) {
  const Tensor& stored = graph.value(target.constant).constant;
  if (target.is_stored_in_out) return transposed(stored);
  return stored.reshaped({target.outputs(), target.inputs()});
}

Tensor as_operand(const Tensor& matrix, const WeightTarget& target) {
  const Tensor ordered = target.is_in_out ? transposed(matrix) : matrix.reshaped(target.shape);
  if (target.dtype == DType::f32) return ordered;
  Tensor narrow = Tensor::allocate(target.dtype, target.shape);
  store_f32(narrow, 0, ordered.data<float>(), ordered.size());
  return narrow;
}

}  // namespace zeropoint
