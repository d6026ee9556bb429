#include "passes/quantize_weights.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/fail.h"
#include "methods/weight_target.h"
#include "passes/matmul_nbits_weight.h"
#include "quant/codes.h"
#include "tensor/reals.h"
#include "tensor/transpose.h"

namespace zeropoint {
namespace {

constexpr std::string_view kMicrosoft = "com.microsoft";

/// Signed codes of one byte each as int8 or int4.
Tensor packed(const Tensor& codes, DType dtype) {
  if (dtype == DType::i8) return codes;
  Tensor result = Tensor::zeros(dtype, codes.shape());
  for (std::int64_t i = 0; i < codes.size(); ++i)
    store_code(dtype, result.mutable_raw(), i, codes.data<std::int8_t>()[i]);
  return result;
}

class Inserter {
 public:
  Inserter(Model& model, const std::map<std::string, QuantizedMatrix>& matrices, OnnxWeightForm form)
      : graph_(model.graph), model_(model), matrices_(matrices), form_(form) {}

  PassReport run() {
    const std::vector<WeightTarget> targets = find_weight_targets(model_).targets;
    std::vector<std::vector<Node>> before(graph_.nodes.size());
    std::vector<std::vector<Node>> after(graph_.nodes.size());
    for (const WeightTarget& target : targets) {
      const auto found = matrices_.find(target.name);
      if (found == matrices_.end()) continue;
      const auto at = static_cast<std::size_t>(target.node);
      if (form_ == OnnxWeightForm::matmul_nbits && becomes_matmul_nbits(target, found->second.scheme)) {
        make_matmul_nbits(target, found->second, after[at]);
      } else {
        dequantize_before(target, found->second, before[at]);
      }
    }
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      std::move(before[i].begin(), before[i].end(), std::back_inserter(nodes));
      nodes.push_back(std::move(graph_.nodes[i]));
      std::move(after[i].begin(), after[i].end(), std::back_inserter(nodes));
    }
    graph_.nodes = std::move(nodes);
    for (Node& node : graph_.nodes) node.label = graph_.describe(node);
    remove_dead_code(model_);
    return std::move(report_);
  }

  bool becomes_matmul_nbits(const WeightTarget& target, const MatrixScheme& scheme) const {
    const Node& node = graph_.nodes[static_cast<std::size_t>(target.node)];
    if (!fits_matmul_nbits(scheme) || target.dtype != DType::f32) return false;
    if (node.op_type == "MatMul") return true;
    return node.op_type == "Gemm" && node.get_int("transA", 0) == 0 && node.get_float("alpha", 1) == 1 &&
           node.get_float("beta", 1) == 1;
  }

 private:
  ValueId add_value(const std::string& stem, DType dtype, const Shape& shape) {
    std::vector<Dim> dims;
    for (const std::int64_t size : shape) dims.push_back({.value = size});
    return graph_.add_value({.name = graph_.fresh_name(stem), .dtype = dtype, .shape = std::move(dims)});
  }
  ValueId add_constant(const std::string& stem, Tensor tensor) {
    return graph_.add_constant(graph_.fresh_name(stem), std::move(tensor));
  }

  void dequantize_before(const WeightTarget& target, const QuantizedMatrix& matrix, std::vector<Node>& before) {
    Node& product = graph_.nodes[static_cast<std::size_t>(target.node)];
    const MatrixScheme& scheme = matrix.scheme;
    const bool is_blocked = !scheme.per_tensor && scheme.block_size > 0 && scheme.block_size < matrix.columns;
    const DType dtype = scheme.bits == 8 ? DType::i8 : DType::i4;
    // Blocks run along the inputs, which in a kernel are several axes: it is dequantized as a matrix.
    const bool is_kernel = target.shape.size() > 2;
    const Shape shape = is_kernel && is_blocked ? Shape{matrix.rows, matrix.columns} : target.shape;
    const auto laid = [&](const Tensor& t) { return target.is_in_out ? transposed(t) : t; };
    const auto gridded = [&](const Tensor& t) {
      if (scheme.per_tensor) return t.reshaped({});
      return is_blocked ? laid(t) : t.reshaped({matrix.rows});
    };
    const ValueId codes = add_constant(target.name + "_quantized", packed(laid(matrix.codes).reshaped(shape), dtype));
    const ValueId scale = add_constant(target.name + "_scale", scales(gridded(matrix.scales), target.dtype));
    std::vector<ValueId> inputs = {codes, scale};
    if (matrix.zero_points) {
      inputs.push_back(add_constant(target.name + "_zero_point", packed(gridded(matrix.zero_points), dtype)));
    }
    ValueId result = add_value(target.name + "_dequantized", target.dtype, shape);
    Node node{.name = graph_.value(result).name, .op_type = "DequantizeLinear", .inputs = inputs, .outputs = {result}};
    if (!scheme.per_tensor) node.set("axis", std::int64_t{target.is_in_out == is_blocked ? 0 : 1});
    if (is_blocked) node.set("block_size", scheme.block_size);
    before.push_back(std::move(node));
    if (shape != target.shape) {
      const ValueId kernel = add_value(target.name + "_kernel", target.dtype, target.shape);
      const Shape& sizes = target.shape;
      const ValueId to = add_constant(target.name + "_shape",
                                      Tensor::copy_of<std::int64_t>({static_cast<std::int64_t>(sizes.size())}, sizes));
      before.push_back(
          {.name = graph_.value(kernel).name, .op_type = "Reshape", .inputs = {result, to}, .outputs = {kernel}});
      result = kernel;
    }
    product.inputs[target.input] = result;
    report_.done.push_back({product.label, "reads codes through DequantizeLinear"});
  }

  static Tensor scales(const Tensor& f32, DType dtype) {
    if (dtype == DType::f32) return f32;
    Tensor narrow = Tensor::allocate(dtype, f32.shape());
    store_f32(narrow, 0, f32.data<float>(), f32.size());
    return narrow;
  }

  void make_matmul_nbits(const WeightTarget& target, const QuantizedMatrix& matrix, std::vector<Node>& after) {
    Node& product = graph_.nodes[static_cast<std::size_t>(target.node)];
    const MatMulNBitsWeight weight = matmul_nbits_weight(matrix);
    const ValueId bias = product.op_type == "Gemm" && product.inputs.size() > 2 ? product.inputs[2] : kNoValue;
    const ValueId output = product.outputs[0];
    product.inputs = {target.activation, add_constant(target.name + "_quantized", weight.codes),
                      add_constant(target.name + "_scale", weight.scales)};
    if (weight.zero_points) product.inputs.push_back(add_constant(target.name + "_zero_point", weight.zero_points));
    product.op_type = "MatMulNBits";
    product.domain = kMicrosoft;
    product.attributes.clear();
    product.set("K", matrix.columns);
    product.set("N", matrix.rows);
    product.set("bits", weight.bits);
    product.set("block_size", weight.block_size);
    if (bias != kNoValue) {
      Value unbiased = {.name = graph_.fresh_name(graph_.value(output).name + "_product"), .dtype = DType::f32};
      product.outputs[0] = graph_.add_value(std::move(unbiased));
      after.push_back({.name = graph_.value(output).name + "_bias",
                       .op_type = "Add",
                       .inputs = {product.outputs[0], bias},
                       .outputs = {output}});
    }
    model_.opsets.try_emplace(std::string(kMicrosoft), 1);
    report_.done.push_back({product.label, "is MatMulNBits"});
  }

  Graph& graph_;
  Model& model_;
  const std::map<std::string, QuantizedMatrix>& matrices_;
  OnnxWeightForm form_;
  PassReport report_;
};

}  // namespace

std::optional<OnnxWeightForm> find_onnx_weight_form(std::string_view format) {
  if (format == "onnx" || format == "onnx-dq") return OnnxWeightForm::dequantize_linear;
  if (format == "matmulnbits") return OnnxWeightForm::matmul_nbits;
  return std::nullopt;
}

void check_onnx_weight_form(const MatrixScheme& scheme, OnnxWeightForm form) {
  if (scheme.act_order) {
    fail(ErrorKind::invalid_option, "--act-order",
         "groups columns in an order that ONNX cannot express; add --static-groups");
  }
  if (form == OnnxWeightForm::matmul_nbits && !fits_matmul_nbits(scheme)) {
    fail(ErrorKind::invalid_option, "--block-size", "MatMulNBits needs a multiple of 16, or whole rows; {} is neither",
         scheme.block_size);
  }
}

std::int64_t dequantize_opset(const MatrixScheme& scheme) {
  const bool is_blocked = !scheme.per_tensor && scheme.block_size > 0;
  if (scheme.bits < 8 || is_blocked) return 21;
  return scheme.per_tensor ? 10 : 13;
}

PassReport insert_quantized_weights(Model& model, const std::map<std::string, QuantizedMatrix>& matrices,
                                    OnnxWeightForm form) {
  for (const auto& [name, matrix] : matrices) check_onnx_weight_form(matrix.scheme, form);
  std::int64_t opset = model.opset();
  const Inserter inserter(model, matrices, form);
  for (const WeightTarget& target : find_weight_targets(model).targets) {
    const auto found = matrices.find(target.name);
    if (found == matrices.end()) continue;
    const bool is_nbits =
        form == OnnxWeightForm::matmul_nbits && inserter.becomes_matmul_nbits(target, found->second.scheme);
    if (!is_nbits) opset = std::max(opset, dequantize_opset(found->second.scheme));
  }
  upgrade_opset(model, opset);
  return Inserter(model, matrices, form).run();
}

}  // namespace zeropoint
