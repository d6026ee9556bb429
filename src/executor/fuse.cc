#include "executor/fuse.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "ops/convolution_kernel.h"
#include "ops/fused_activation.h"

namespace zeropoint {
namespace {

constexpr int kNobody = -1;
constexpr int kSeveral = -2;
constexpr std::size_t kProductBias = 2;

class Fuser {
 public:
  Fuser(std::vector<WorkItem>& work, std::span<const ValueFacts> facts, const std::vector<bool>& is_kept,
        FusedNodes& made)
      : work_(work), facts_(facts), made_(made), reader_(facts.size(), kNobody), is_gone_(work.size()) {
    for (std::size_t i = 0; i < work.size(); ++i) {
      for (const ValueId id : work[i].node->inputs) note_reader(id, static_cast<int>(i));
      for (const ValueId id : work[i].compiled->captures) note_reader(id, kSeveral);
    }
    for (std::size_t i = 0; i < is_kept.size(); ++i) {
      if (is_kept[i]) reader_[i] = kSeveral;
    }
  }

  void run() {
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (is_gone_[i] || work_[i].is_dynamic) continue;
      const bool reads_weight_as_stored = work_[i].node->domain == kFusedDomain;
      if (is(i, "Conv")) join_convolution(i);
      if (is(i, "MatMul") || is(i, "Gemm") || reads_weight_as_stored) join_product(i);
    }
    std::vector<WorkItem> rest;
    for (std::size_t i = 0; i < work_.size(); ++i) {
      if (!is_gone_[i]) rest.push_back(std::move(work_[i]));
    }
    work_ = std::move(rest);
  }

 private:
  void note_reader(ValueId id, int item) {
    if (id == kNoValue) return;
    int& reader = reader_[static_cast<std::size_t>(id)];
    reader = reader == kNobody ? item : kSeveral;
  }

  const ValueFacts& facts(ValueId id) const { return facts_[static_cast<std::size_t>(id)]; }
  ValueId output(std::size_t item) const { return work_[item].node->outputs[0]; }

  /// The only item that reads the output of `item`, when nobody else does.
  std::optional<std::size_t> only_reader(std::size_t item) const {
    const int reader = reader_[static_cast<std::size_t>(output(item))];
    if (reader < 0) return std::nullopt;
    const auto index = static_cast<std::size_t>(reader);
    if (is_gone_[index] || work_[index].is_dynamic) return std::nullopt;  // gone: joined with another of its inputs
    return index;
  }

  bool is(std::size_t item, std::string_view op_type) const {
    return work_[item].node->op_type == op_type && work_[item].node->domain.empty();
  }

  /// The other operand of an Add that reads the output of `item`; kNoValue when this is no such Add.
  ValueId other_operand(std::size_t add, std::size_t item) const {
    if (!is(add, "Add")) return kNoValue;
    const std::vector<ValueId>& inputs = work_[add].node->inputs;
    return inputs[0] == output(item) ? inputs[1] : inputs[0];
  }

  std::optional<float> constant_float(const Node& node, std::size_t input, float otherwise) const {
    if (input >= node.inputs.size() || node.inputs[input] == kNoValue) return otherwise;
    const Tensor& constant = facts(node.inputs[input]).constant;
    if (!constant || constant.dtype() != DType::f32 || constant.size() != 1) return std::nullopt;
    return constant.data<float>()[0];
  }

  /// What the item computes when that is an activation of one float32 value with constant parameters.
  std::optional<Activation> activation_of(std::size_t item) const {
    const Node& node = *work_[item].node;
    if (is(item, "Relu")) return Activation{.kind = ActivationKind::relu};
    if (is(item, "LeakyRelu")) return Activation{ActivationKind::leaky_relu, node.get_float("alpha", 0.01F)};
    if (!is(item, "Clip")) return std::nullopt;
    constexpr float kLargest = std::numeric_limits<float>::max();
    if (work_[item].compiled->opset < 11) {
      return Activation{ActivationKind::clip, node.get_float("min", -kLargest), node.get_float("max", kLargest)};
    }
    const std::optional<float> lowest = constant_float(node, 1, -kLargest);
    const std::optional<float> highest = constant_float(node, 2, kLargest);
    if (!lowest || !highest || *lowest > *highest) return std::nullopt;
    return Activation{ActivationKind::clip, *lowest, *highest};
  }

  /// y = activation(conv(x) [+ addend])
  void join_convolution(std::size_t first) {
    if (facts(output(first)).dtype != DType::f32) return;
    Node joined = *work_[first].node;
    std::vector<std::size_t> chain = {first};
    if (const auto add = only_reader(first)) {
      const ValueId addend = other_operand(*add, first);
      if (addend != kNoValue && addend != output(first) && facts(addend).shape == facts(output(first)).shape) {
        joined.inputs.resize(kConvolutionAddend, kNoValue);
        joined.inputs.push_back(addend);
        chain.push_back(*add);
      }
    }
    join_activation(joined, chain, true);
    replace(chain, std::move(joined));
  }

  /// y = activation(a b + bias)
  void join_product(std::size_t first) {
    if (facts(output(first)).dtype != DType::f32) return;
    Node joined = *work_[first].node;
    std::vector<std::size_t> chain = {first};
    const bool has_bias = joined.inputs.size() > kProductBias && joined.inputs[kProductBias] != kNoValue;
    const bool is_matrix = facts(joined.inputs[1]).shape.size() >= 2;
    if (const auto add = only_reader(first); add && !has_bias && is_matrix) {
      const ValueId bias = other_operand(*add, first);
      const Shape row = {facts(output(first)).shape.back()};
      if (bias != kNoValue && facts(bias).constant && facts(bias).shape == row) {
        joined.inputs.resize(kProductBias, kNoValue);
        joined.inputs.push_back(bias);
        joined.erase("beta");
        chain.push_back(*add);
      }
    }
    join_activation(joined, chain, false);
    replace(chain, std::move(joined));
  }

  void join_activation(Node& joined, std::vector<std::size_t>& chain, bool with_leaky_relu) const {
    const auto next = only_reader(chain.back());
    const auto activation = next ? activation_of(*next) : std::nullopt;
    if (!activation || (!with_leaky_relu && activation->kind == ActivationKind::leaky_relu)) return;
    set_fused_activation(joined, *activation);
    chain.push_back(*next);
  }

  /// The joined node stands where the last of the chain stood: there all its inputs are made.
  void replace(const std::vector<std::size_t>& chain, Node joined) {
    if (chain.size() == 1) return;
    WorkItem& last = work_[chain.back()];
    joined.domain = kFusedDomain;
    joined.outputs = {output(chain.back())};
    made_.compiled.push_back(
        {.spec = find_op(kFusedDomain, joined.op_type, 1), .opset = work_[chain[0]].compiled->opset});
    made_.nodes.push_back(std::move(joined));
    last.node = &made_.nodes.back();
    last.compiled = &made_.compiled.back();
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) is_gone_[chain[i]] = true;
  }

  std::vector<WorkItem>& work_;
  std::span<const ValueFacts> facts_;
  FusedNodes& made_;
  std::vector<int> reader_;  // per value
  std::vector<bool> is_gone_;
};

}  // namespace

void fuse(std::vector<WorkItem>& work, std::span<const ValueFacts> facts, const std::vector<bool>& is_kept,
          FusedNodes& made) {
  Fuser(work, facts, is_kept, made).run();
}

}  // namespace zeropoint
