#include <cmath>
#include <optional>
#include <utility>

#include "base/fail.h"
#include "passes/channel_scale.h"
#include "passes/each_graph.h"
#include "passes/node_values.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kFirstInferenceByDefault = 7;  // BatchNormalization-7 lost `is_test`
constexpr float kDefaultEpsilon = 1e-5F;
constexpr std::size_t kWeight = 1;  // input of Conv, ConvTranspose, Gemm and MatMul
constexpr std::size_t kBias = 2;    // input of the first three

/// What a BatchNormalization does to channel c: y = factor[c] * x + shift[c].
struct Affine {
  std::vector<double> factor;
  std::vector<double> shift;
};

/// Which output channel an element of the weight belongs to, and how many there are.
struct Channels {
  std::int64_t count = 0;
  std::function<std::int64_t(std::int64_t)> of;
};

/// The reason why a BatchNormalization stays.
struct Declined {
  std::string reason;
};

template <class... Args>
[[noreturn]] void decline(fmt::format_string<Args...> format, Args&&... args) {
  throw Declined{fmt::format(format, std::forward<Args>(args)...)};
}

class Folder {
 public:
  Folder(Graph& graph, std::int64_t opset, const std::set<std::string>& keep, PassReport& report)
      : graph_(graph), opset_(opset), keep_(keep), report_(report), uses_(graph) {}

  void run() {
    std::vector<bool> dead(graph_.nodes.size(), false);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (graph_.nodes[n].op_type != "BatchNormalization" || !graph_.nodes[n].domain.empty()) continue;
      const std::string label = graph_.nodes[n].label;
      try {
        const std::string into = fold(n, dead);
        report_.done.push_back({label, "folded into " + into});
      } catch (const Declined& declined) {
        report_.declined.push_back({label, declined.reason});
      }
    }
    graph_.erase_nodes(dead);
  }

 private:
  const Tensor& constant(const Node& node, std::size_t input, std::string_view role) const {
    const ValueId id = input_of(node, input);
    if (!graph_.is_constant(id)) decline("{} of {} is not constant", role, node.label);
    return graph_.value(id).constant;
  }

  std::vector<double> doubles(const Node& node, std::size_t input, std::string_view role) const {
    std::optional<std::vector<double>> values = to_doubles(constant(node, input, role));
    if (!values) decline("{} of {} is not a float tensor", role, node.label);
    return *std::move(values);
  }

  void require_inference(const Node& norm) const {
    if (opset_ < kFirstInferenceByDefault && norm.get_int("is_test", 0) == 0) decline("it is in training mode");
    if (norm.get_int("training_mode", 0) != 0) decline("it is in training mode");
    if (norm.get_int("spatial", 1) == 0) decline("it normalizes every position by itself (spatial = 0)");
    for (std::size_t i = 1; i < norm.outputs.size(); ++i) {
      const ValueId id = norm.outputs[i];
      if (id != kNoValue && !uses_.consumers[static_cast<std::size_t>(id)].empty()) decline("its statistics are read");
    }
  }

  Affine affine_of(const Node& norm) const {
    const std::vector<double> scale = doubles(norm, 1, "the scale");
    const std::vector<double> bias = doubles(norm, 2, "the bias");
    const std::vector<double> mean = doubles(norm, 3, "the mean");
    const std::vector<double> variance = doubles(norm, 4, "the variance");
    if (bias.size() != scale.size() || mean.size() != scale.size() || variance.size() != scale.size()) {
      decline("scale, bias, mean and variance differ in length");
    }
    const double epsilon = norm.get_float("epsilon", kDefaultEpsilon);
    Affine affine;
    for (std::size_t c = 0; c < scale.size(); ++c) {
      if (!(variance[c] + epsilon > 0)) decline("variance + epsilon of channel {} is {}", c, variance[c] + epsilon);
      affine.factor.push_back(scale[c] / std::sqrt(variance[c] + epsilon));
      affine.shift.push_back(bias[c] - mean[c] * affine.factor[c]);
    }
    return affine;
  }

  static Channels channels_of(const Node& producer, const Tensor& weight) {
    const Shape& shape = weight.shape();
    if (producer.op_type == "Conv") {
      if (shape.size() < 3) decline("the weight of {} has shape {}", producer.label, to_string(shape));
      const std::int64_t per_channel = shape[0] == 0 ? 1 : std::max<std::int64_t>(1, weight.size() / shape[0]);
      return {shape[0], [per_channel](std::int64_t i) { return i / per_channel; }};
    }
    if (producer.op_type == "ConvTranspose") {  // [inputs, outputs of a group, kernel ...]
      const std::int64_t groups = producer.get_int("group", 1);
      if (shape.size() < 3 || groups < 1 || shape[0] % groups != 0 || weight.size() == 0) {
        decline("the weight of {} has shape {}", producer.label, to_string(shape));
      }
      const std::int64_t kernel = weight.size() / shape[0] / shape[1];
      const std::int64_t inputs_per_group = shape[0] / groups;
      const std::int64_t outputs_per_group = shape[1];
      return {groups * outputs_per_group, [=](std::int64_t i) {
                const std::int64_t input = i / kernel / outputs_per_group;
                return input / inputs_per_group * outputs_per_group + i / kernel % outputs_per_group;
              }};
    }
    if (shape.size() != 2) decline("the weight of {} has shape {}", producer.label, to_string(shape));
    if (producer.op_type == "Gemm" && producer.get_int("transB", 0) != 0) {
      const std::int64_t columns = shape[1];
      return {shape[0], [columns](std::int64_t i) { return i / columns; }};
    }
    const std::int64_t columns = shape[1];
    return {columns, [columns](std::int64_t i) { return i % columns; }};
  }

  /// b f + shift as a tensor of `dtype`; `present` is the bias b, scaled by `beta`, or absent.
  Tensor folded_bias(const Node& producer, const Affine& affine, DType dtype) const {
    const auto count = static_cast<std::int64_t>(affine.shift.size());
    std::vector<double> folded = affine.shift;
    if (input_of(producer, kBias) != kNoValue) {
      const std::vector<double> bias = doubles(producer, kBias, "the bias");
      const Shape& shape = graph_.value(producer.inputs[kBias]).constant.shape();
      const bool is_row = bias.size() == folded.size() && (shape.empty() || shape.back() == count);
      if (!is_row && bias.size() != 1) {
        decline("the bias of {} has shape {}, not one value per channel", producer.label, to_string(shape));
      }
      const double beta = producer.op_type == "Gemm" ? producer.get_float("beta", 1.0F) : 1.0;
      for (std::size_t c = 0; c < folded.size(); ++c) {
        folded[c] += beta * bias[is_row ? c : 0] * affine.factor[c];
      }
    }
    return from_doubles(dtype, {count}, folded);
  }

  /// Whether that node alone reads the value.
  bool is_read_by(ValueId id, std::size_t node) const {
    const bool is_new = static_cast<std::size_t>(id) >= uses_.consumers.size();  // made here, for one node
    return is_new || uses_.single_consumer(id) == static_cast<int>(node);
  }

  /// A constant that node p alone reads is replaced in place, one that others read by a new one.
  void set_constant(std::size_t p, std::size_t input, std::string_view stem, Tensor tensor) {
    Node& producer = graph_.nodes[p];
    if (producer.inputs.size() <= input) producer.inputs.resize(input + 1, kNoValue);
    ValueId& id = producer.inputs[input];
    if (id == kNoValue || !is_read_by(id, p)) {
      id = graph_.add_constant(graph_.fresh_name(stem), std::move(tensor));
      return;
    }
    Value& value = graph_.value(id);
    value.shape.emplace();
    for (const std::int64_t dim : tensor.shape()) value.shape->push_back({.value = dim});
    value.constant = std::move(tensor);
  }

  /// Folds node n into its producer, whose label it returns.
  std::string fold(std::size_t n, std::vector<bool>& dead) {
    const Node& norm = graph_.nodes[n];
    require_inference(norm);
    const ValueId input = input_of(norm, 0);
    if (input == kNoValue || output_of(norm, 0) == kNoValue) decline("its input or output is missing");
    const int producer_index = uses_.producer[static_cast<std::size_t>(input)];
    if (producer_index < 0) decline("its input is no node's output");
    const auto p = static_cast<std::size_t>(producer_index);
    Node& producer = graph_.nodes[p];
    const bool is_foldable =
        producer.domain.empty() && (producer.op_type == "Conv" || producer.op_type == "Gemm" ||
                                    producer.op_type == "ConvTranspose" || producer.op_type == "MatMul");
    if (!is_foldable || producer.outputs[0] != input) decline("its input comes from {}", producer.label);
    if (!is_read_by(input, n)) decline("the output of {} is read elsewhere too", producer.label);
    if (keep_.contains(graph_.value(input).name)) decline("the output of {} is asked for", producer.label);

    const Tensor& weight = constant(producer, kWeight, "the weight");
    const ValueId weight_id = producer.inputs[kWeight];
    if (!is_read_by(weight_id, p)) {
      decline("the weight '{}' of {} is shared", graph_.value(weight_id).name, producer.label);
    }
    if (!to_doubles(Tensor::zeros(weight.dtype(), {}))) {
      decline("the weight of {} is {}", producer.label, name(weight.dtype()));
    }
    const Affine affine = affine_of(norm);
    const Channels channels = channels_of(producer, weight);
    if (channels.count != static_cast<std::int64_t>(affine.factor.size())) {
      decline("{} has {} channels, the normalization {}", producer.label, channels.count, affine.factor.size());
    }
    if (producer.op_type == "MatMul") return fold_into_matmul(n, p, affine, channels);

    Tensor bias = folded_bias(producer, affine, weight.dtype());
    Tensor scaled = scale_channels(weight, affine.factor, channels.of);
    const std::string stem = graph_.value(norm.outputs[0]).name + "_bias";
    set_constant(p, kWeight, "", std::move(scaled));
    set_constant(p, kBias, stem, std::move(bias));
    if (producer.op_type == "Gemm") producer.erase("beta");
    producer.outputs[0] = norm.outputs[0];
    uses_.producer[static_cast<std::size_t>(norm.outputs[0])] = producer_index;
    dead[n] = true;
    return producer.label;
  }

  /// MatMul has no bias: the normalization becomes an Add. Its channels are axis 1, which is the weight's
  /// columns only when the product is a matrix.
  std::string fold_into_matmul(std::size_t n, std::size_t p, const Affine& affine, const Channels& channels) {
    Node& producer = graph_.nodes[p];
    const auto is_matrix = [&](ValueId id) {
      return id != kNoValue && graph_.value(id).shape && graph_.value(id).shape->size() == 2;
    };
    if (!is_matrix(producer.inputs[0]) && !is_matrix(producer.outputs[0]))
      decline("the output of {} is not known to be a matrix", producer.label);
    const Tensor& weight = graph_.value(producer.inputs[kWeight]).constant;
    const DType dtype = weight.dtype();
    set_constant(p, kWeight, "", scale_channels(weight, affine.factor, channels.of));

    Node& norm = graph_.nodes[n];
    const std::string stem = graph_.value(norm.outputs[0]).name + "_bias";
    const ValueId bias = graph_.add_constant(
        graph_.fresh_name(stem), from_doubles(dtype, {static_cast<std::int64_t>(affine.shift.size())}, affine.shift));
    Node add{.name = norm.name, .op_type = "Add", .inputs = {norm.inputs[0], bias}, .outputs = {norm.outputs[0]}};
    add.label = graph_.describe(add);
    norm = std::move(add);
    return producer.label + " and an Add";
  }

  Graph& graph_;
  std::int64_t opset_;
  const std::set<std::string>& keep_;
  PassReport& report_;
  Uses uses_;
};

}  // namespace

PassReport fold_batch_norm(Model& model, const std::set<std::string>& keep) {
  PassReport report;
  for_each_graph(model.graph, [&](Graph& graph) {
    Folder(graph, model.opset(), keep, report).run();
    graph.erase_unused_values();
  });
  return report;
}

}  // namespace zeropoint
