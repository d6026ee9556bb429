#include <algorithm>
#include <array>
#include <string_view>

#include "ops/op.h"
#include "passes/each_graph.h"
#include "passes/node_values.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

/// What stays though its inputs are constant.
constexpr std::array<std::string_view, 3> kQuantization = {"QuantizeLinear", "DequantizeLinear",
                                                           "DynamicQuantizeLinear"};
constexpr std::array<std::string_view, 4> kRandom = {"Bernoulli", "Multinomial", "RandomNormalLike",
                                                     "RandomUniformLike"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

template <class T>
Tensor list_tensor(const std::vector<T>& values) {
  return Tensor::copy_of<T>({static_cast<std::int64_t>(values.size())}, values);
}

/// The tensor of a Constant node; none for sparse_value and unknown element types.
Tensor constant_of(const Node& node) {
  if (node.find("value") != nullptr) return node.get_tensor("value");
  if (node.find("value_int") != nullptr) return Tensor::scalar(node.get_int("value_int", 0));
  if (node.find("value_float") != nullptr) return Tensor::scalar(node.get_float("value_float", 0));
  if (node.find("value_ints") != nullptr) return list_tensor(node.get_ints("value_ints"));
  if (node.find("value_floats") != nullptr) return list_tensor(node.get_floats("value_floats"));
  if (node.find("value_string") != nullptr) return Tensor::of_strings({}, {node.get_string("value_string", "")});
  return {};
}

class Folder {
 public:
  Folder(Graph& graph, const Model& model, const FoldConstantsOptions& options, PassReport& report)
      : graph_(graph), model_(model), options_(options), report_(report), is_output_(graph.values.size(), false) {
    for (const ValueId id : graph.outputs) is_output_[static_cast<std::size_t>(id)] = true;
  }

  void run() {
    std::vector<bool> dead(graph_.nodes.size(), false);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!reads_constants_only(node)) continue;
      try {
        const std::string reason = fold(node);
        dead[n] = reason.empty();
        if (dead[n]) {
          report_.done.push_back({node.label, "computed: it reads constants only"});
        } else {
          report_.declined.push_back({node.label, reason});
        }
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) throw;
        report_.declined.push_back({node.label, error.message()});
      }
    }
    graph_.erase_nodes(dead);
  }

 private:
  bool reads_constants_only(const Node& node) const {
    const bool is_constant_node = node.domain.empty() && node.op_type == "Constant";
    if (output_of(node, 0) == kNoValue) return false;
    if (is_constant_node || node.inputs.empty()) return is_constant_node;
    return std::all_of(node.inputs.begin(), node.inputs.end(),
                       [&](ValueId id) { return id == kNoValue || graph_.is_constant(id); });
  }

  /// Gives the outputs their tensors; the reason why not.
  std::string fold(const Node& node) {
    for (const ValueId id : node.outputs) {
      if (id != kNoValue && is_output_[static_cast<std::size_t>(id)]) return "its output is a graph output";
    }
    if (node.domain.empty() && node.op_type == "Constant") {
      Tensor tensor = constant_of(node);
      if (!tensor) return "its value is sparse or of a type that is not known here";
      set_constant(node.outputs[0], std::move(tensor));
      return "";
    }
    if (node.domain.empty() && contains(kQuantization, node.op_type)) return "it says how a tensor is quantized";
    if (node.domain.empty() && contains(kRandom, node.op_type)) return "it is random";
    if (!node.subgraphs().empty()) return "it has subgraphs";
    return compute(node);
  }

  std::string compute(const Node& node) {
    const std::int64_t opset = model_.opset(node.domain);
    const OpSpec* spec = find_op(node.domain, node.op_type, opset);
    if (spec == nullptr) return fmt::format("{} is not offered at opset {}", node.op_type, opset);

    std::vector<ValueFacts> facts;
    std::vector<const Tensor*> inputs;
    std::size_t input_bytes = 0;
    for (const ValueId id : node.inputs) {
      const Tensor* tensor = id == kNoValue ? nullptr : &graph_.value(id).constant;
      inputs.push_back(tensor);
      facts.emplace_back();
      if (tensor == nullptr) continue;
      facts.back() = {.dtype = tensor->dtype(), .shape = tensor->shape(), .constant = *tensor};
      input_bytes += tensor->bytes();
    }
    const OpSite site{.node = node, .opset = opset, .inputs = facts};
    const std::vector<ValueFacts> planned = spec->infer(site);

    std::size_t output_bytes = 0;
    for (const ValueFacts& output : planned) {
      if (output.is_dynamic) return "the size of its output depends on data";
      output_bytes += storage_bytes(output.dtype, element_count(output.shape));
    }
    if (output_bytes > input_bytes + options_.max_growth_bytes) {
      return fmt::format("its result has {} bytes, its inputs have {}", output_bytes, input_bytes);
    }

    std::vector<Tensor> outputs;
    bool is_known = true;
    for (const ValueFacts& output : planned) {
      outputs.push_back(output.constant ? output.constant : Tensor::allocate(output.dtype, output.shape));
      is_known = is_known && output.constant;
    }
    if (!is_known && spec->is_view) {
      outputs[0] = inputs[0]->reshaped(planned[0].shape);
    } else if (!is_known) {
      const std::unique_ptr<Kernel> kernel = spec->make(site);
      Tensor scratch = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(kernel->scratch_bytes())});
      kernel->run({.inputs = inputs, .outputs = outputs, .scratch = scratch.mutable_data<std::byte>()});
    }
    for (std::size_t i = 0; i < node.outputs.size() && i < outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) set_constant(node.outputs[i], std::move(outputs[i]));
    }
    return "";
  }

  void set_constant(ValueId id, Tensor tensor) {
    Value& value = graph_.value(id);
    value.dtype = tensor.dtype();
    value.shape.emplace();
    for (const std::int64_t dim : tensor.shape()) value.shape->push_back({.value = dim});
    value.constant = std::move(tensor);
  }

  Graph& graph_;
  const Model& model_;
  const FoldConstantsOptions& options_;
  PassReport& report_;
  std::vector<bool> is_output_;
};

}  // namespace

PassReport fold_constants(Model& model, const FoldConstantsOptions& options) {
  PassReport report;
  for_each_graph(model.graph, [&](Graph& graph) { Folder(graph, model, options, report).run(); });
  return report;
}

}  // namespace zeropoint
