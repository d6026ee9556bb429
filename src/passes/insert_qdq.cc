#include "passes/insert_qdq.h"

#include <algorithm>
#include <functional>
#include <vector>

#include "base/fail.h"
#include "plan/plan_binding.h"

namespace zeropoint {
namespace {

class Inserter {
 public:
  Inserter(Graph& graph, const QuantPlan& plan)
      : graph_(graph), plan_(plan), binding_(bind_plan(graph, plan)), uses_(graph) {}

  void run() {
    std::vector<std::vector<Node>> before(graph_.nodes.size());
    std::vector<std::vector<Node>> after(graph_.nodes.size());
    std::vector<Node> front;
    for (std::size_t i = 0; i < plan_.tensors.size(); ++i) {
      const PlanTensor& row = plan_.tensors[i];
      const ValueId value = binding_.values[i];
      if (graph_.is_constant(value)) {
        const int user = first_quantized_reader(value);
        if (user >= 0) quantize_constant(value, row, before[static_cast<std::size_t>(user)]);
      } else {
        const int producer = uses_.producer[static_cast<std::size_t>(value)];
        quantize_activation(value, row, producer < 0 ? front : after[static_cast<std::size_t>(producer)]);
      }
    }

    std::vector<Node> nodes = std::move(front);
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      std::move(before[n].begin(), before[n].end(), std::back_inserter(nodes));
      nodes.push_back(std::move(graph_.nodes[n]));
      std::move(after[n].begin(), after[n].end(), std::back_inserter(nodes));
    }
    graph_.nodes = std::move(nodes);
    graph_.erase_unused_values();
  }

 private:
  bool is_quantized(int node) const { return node >= 0 && binding_.is_quantized[static_cast<std::size_t>(node)]; }

  const std::vector<Uses::Use>& readers(ValueId value) const {
    return uses_.consumers[static_cast<std::size_t>(value)];
  }

  int first_quantized_reader(ValueId value) const {
    int first = -1;
    for (const Uses::Use& use : readers(value)) {
      if (use.input >= 0 && is_quantized(use.node) && (first < 0 || use.node < first)) first = use.node;
    }
    if (first < 0) return -1;
    for (const Uses::Use& use : readers(value)) {  // every reader gets the rounded weight: it is stored once
      if (use.node >= 0 && use.input >= 0) first = std::min(first, use.node);
    }
    return first;
  }

  void quantize_activation(ValueId value, const PlanTensor& row, std::vector<Node>& place) {
    const int producer = uses_.producer[static_cast<std::size_t>(value)];
    const bool rounds_output = plan_.quantize_outputs && producer >= 0 && graph_.is_output(value);
    std::vector<Uses::Use> rounded;
    for (const Uses::Use& use : readers(value)) {
      if (use.node >= 0 && use.input >= 0 && (is_quantized(use.node) || is_quantized(producer))) rounded.push_back(use);
    }
    if (rounded.empty() && !rounds_output) return;

    ValueId real = value;
    if (rounds_output) real = give_output_name_away(value, producer);
    const Grids grids = add_grids(row);
    const ValueId codes = add_value(row.name + "_quantized", row.qparams.scheme.dtype, value);
    const ValueId back = rounds_output ? value : add_value(row.name + "_dequantized", DType::f32, value);
    place.push_back(linear_node("QuantizeLinear", row, real, codes, grids));
    place.push_back(linear_node("DequantizeLinear", row, codes, back, grids));
    for (const Uses::Use& use : readers(value)) {
      if (use.node < 0 || use.input < 0) continue;
      const bool reads_rounded = is_quantized(use.node) || is_quantized(producer);
      redirect(use, reads_rounded ? back : real);
    }
  }

  // The output's name belongs to the rounded value; what the node computes gets a new one.
  ValueId give_output_name_away(ValueId value, int producer) {
    const ValueId real = add_value(graph_.value(value).name + "_real", graph_.value(value).dtype, value);
    std::vector<ValueId>& outputs = graph_.nodes[static_cast<std::size_t>(producer)].outputs;
    std::replace(outputs.begin(), outputs.end(), value, real);
    return real;
  }

  void quantize_constant(ValueId value, const PlanTensor& row, std::vector<Node>& place) {
    const Tensor real = corrected(graph_.value(value).constant, row);
    const Shape expected = grid_shape(real.shape(), row.qparams.scheme);
    if (expected != row.qparams.scales.shape()) {
      fail(ErrorKind::invalid_data, fmt::format("tensor '{}'", row.name),
           "the plan has scales of shape {}; its shape {} needs {}", to_string(row.qparams.scales.shape()),
           to_string(real.shape()), to_string(expected));
    }
    const ValueId codes = graph_.add_constant(graph_.fresh_name(row.name + "_quantized"),
                                              quantize(real, row.qparams, {.name = row.name}));
    const ValueId back = add_value(row.name + "_dequantized", DType::f32, value);
    place.push_back(linear_node("DequantizeLinear", row, codes, back, add_grids(row)));
    for (const Uses::Use& use : readers(value)) {
      if (use.node >= 0 && use.input >= 0) redirect(use, back);
    }
  }

  static Tensor corrected(const Tensor& real, const PlanTensor& row) {
    if (!row.correction) return real;
    if (row.correction.shape() != real.shape() || real.dtype() != DType::f32) {
      fail(ErrorKind::invalid_data, fmt::format("tensor '{}'", row.name), "the plan corrects {} elements; it is {}{}",
           row.correction.size(), name(real.dtype()), to_string(real.shape()));
    }
    Tensor sum = real.clone();
    const auto terms = row.correction.values<float>();
    std::transform(terms.begin(), terms.end(), sum.mutable_values<float>().begin(), sum.mutable_values<float>().begin(),
                   std::plus<>());
    return sum;
  }

  struct Grids {
    ValueId scale;
    ValueId zero_point;
  };

  Grids add_grids(const PlanTensor& row) {
    const TensorQParams& q = row.qparams;
    const Tensor zero_points = q.zero_points ? q.zero_points : Tensor::zeros(q.scheme.dtype, q.scales.shape());
    const ValueId scale = graph_.add_constant(graph_.fresh_name(row.name + "_scale"), q.scales);
    return {scale, graph_.add_constant(graph_.fresh_name(row.name + "_zero_point"), zero_points)};
  }

  ValueId add_value(const std::string& stem, DType dtype, ValueId like) {
    return graph_.add_value({.name = graph_.fresh_name(stem), .dtype = dtype, .shape = graph_.value(like).shape});
  }

  Node linear_node(const char* op_type, const PlanTensor& row, ValueId input, ValueId output, Grids grids) const {
    Node node{.name = fmt::format("{}_{}", row.name, op_type),
              .op_type = op_type,
              .inputs = {input, grids.scale, grids.zero_point},
              .outputs = {output}};
    const Scheme& scheme = row.qparams.scheme;
    if (scheme.granularity != Granularity::per_tensor) node.set("axis", std::int64_t{scheme.axis});
    if (scheme.granularity == Granularity::blocked) node.set("block_size", scheme.block_size);
    node.label = graph_.describe(node);
    return node;
  }

  void redirect(const Uses::Use& use, ValueId to) {
    graph_.nodes[static_cast<std::size_t>(use.node)].inputs[static_cast<std::size_t>(use.input)] = to;
  }

  Graph& graph_;
  const QuantPlan& plan_;
  const PlanBinding binding_;
  const Uses uses_;
};

std::int64_t opset_for(const Scheme& scheme) {
  const bool is_wide_or_narrow = scheme.dtype != DType::i8 && scheme.dtype != DType::u8 && scheme.dtype != DType::i32;
  if (is_wide_or_narrow || scheme.granularity == Granularity::blocked) return 21;
  return scheme.granularity == Granularity::per_axis ? 13 : 10;
}

}  // namespace

std::int64_t qdq_opset(const QuantPlan& plan) {
  std::int64_t opset = 10;
  for (const PlanTensor& row : plan.tensors) opset = std::max(opset, opset_for(row.qparams.scheme));
  return opset;
}

void insert_qdq(Graph& graph, const QuantPlan& plan) { Inserter(graph, plan).run(); }

}  // namespace zeropoint
