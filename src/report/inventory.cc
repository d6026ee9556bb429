#include "report/inventory.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "ops/op.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

/// Where a node keeps codes, and their scale; the zero point follows the scale.
struct QuantizedSlots {
  std::size_t codes = 0;
  std::size_t scale = 0;
  bool is_output = false;  // the codes; scale and zero point are always inputs
};

std::vector<QuantizedSlots> quantized_slots(const Node& node) {
  static const std::vector<QuantizedSlots> kUnary = {{0, 1}, {0, 3, true}};
  static const std::vector<QuantizedSlots> kBinary = {{0, 1}, {3, 4}, {0, 6, true}};
  static const std::map<std::string_view, std::vector<QuantizedSlots>> kOps = {
      {"DequantizeLinear", {{0, 1}}},
      {"QuantizeLinear", {{0, 1, true}}},
      {"QLinearConv", kBinary},
      {"QLinearMatMul", kBinary},
      {"QLinearAdd", kBinary},
      {"QLinearMul", kBinary},
      {"QGemm", {{0, 1}, {3, 4}, {0, 7, true}}},
      {"QLinearAveragePool", kUnary},
      {"QLinearGlobalAveragePool", kUnary},
      {"QLinearLeakyRelu", kUnary},
      {"QLinearSigmoid", kUnary},
      {"QLinearSoftmax", kUnary},
      {"MatMulNBits", {{1, 2}}},
  };
  const auto at = kOps.find(node.op_type);
  return at == kOps.end() ? std::vector<QuantizedSlots>() : at->second;
}

/// The type of the codes: of the zero point, or of the tensor, or what output_dtype says, or uint8.
DType code_type(const Graph& graph, const Node& node, const Value& codes, ValueId zero_point) {
  if (node.op_type == "MatMulNBits") return node.get_int("bits", 4) == 8 ? DType::u8 : DType::u4;
  if (graph.is_constant(zero_point)) return graph.value(zero_point).constant.dtype();
  if (codes.dtype != DType::undefined) return codes.dtype;
  const std::int64_t output_dtype = node.get_int("output_dtype", 0);
  return output_dtype > 0 && output_dtype < kDTypeCount ? static_cast<DType>(output_dtype) : DType::u8;
}

/// Smallest and largest scale; zeros for scales that are bare exponents.
std::pair<double, double> extremes(const Tensor& scales) {
  static constexpr DType kReal[] = {DType::f32, DType::f16, DType::bf16, DType::f64};
  if (std::find(std::begin(kReal), std::end(kReal), scales.dtype()) == std::end(kReal) || scales.size() == 0) return {};
  const double first = load_real(scales.dtype(), scales.raw(), 0);
  std::pair<double, double> result{first, first};
  for (std::int64_t i = 1; i < scales.size(); ++i) {
    const double scale = load_real(scales.dtype(), scales.raw(), i);
    result = {std::min(result.first, scale), std::max(result.second, scale)};
  }
  return result;
}

class Inventorist {
 public:
  explicit Inventorist(const Model& model) : model_(model) {}

  Inventory take() {
    visit(model_.graph);
    for (const auto& [key, count] : ops_) {
      const auto& [domain, op_type] = key;
      inventory_.ops.push_back({domain, op_type, count, is_offered(domain, op_type)});
      inventory_.nodes += count;
    }
    std::stable_sort(inventory_.ops.begin(), inventory_.ops.end(),
                     [](const OpCount& a, const OpCount& b) { return a.count > b.count; });
    for (const auto& [dtype, row] : types_) {
      inventory_.types.push_back(row);
      inventory_.parameters += row.elements;
      inventory_.parameter_bytes += row.bytes;
    }
    return std::move(inventory_);
  }

 private:
  void visit(const Graph& graph) {
    for (const Value& value : graph.values) {
      if (value.constant) count(value.constant);
    }
    for (const Node& node : graph.nodes) {
      ++ops_[{node.domain, node.op_type}];
      add_quantized(graph, node);
      for (const auto& subgraph : node.subgraphs()) visit(*subgraph);
    }
  }

  void count(const Tensor& tensor) {
    TypeCount& row = types_[tensor.dtype()];
    row.dtype = tensor.dtype();
    ++row.tensors;
    row.elements += tensor.size();
    row.bytes += tensor.bytes();
  }

  bool is_offered(const std::string& domain, const std::string& op_type) const {
    const auto is_it = [&](const Function& f) { return f.domain == domain && f.name == op_type; };
    return find_op(domain, op_type, model_.opset(domain)) != nullptr ||
           std::any_of(model_.functions.begin(), model_.functions.end(), is_it);
  }

  void add_quantized(const Graph& graph, const Node& node) {
    for (const QuantizedSlots& slots : quantized_slots(node)) {
      const std::vector<ValueId>& from = slots.is_output ? node.outputs : node.inputs;
      const ValueId codes = slots.codes < from.size() ? from[slots.codes] : kNoValue;
      const ValueId scale = slots.scale < node.inputs.size() ? node.inputs[slots.scale] : kNoValue;
      const ValueId zero_point = slots.scale + 1 < node.inputs.size() ? node.inputs[slots.scale + 1] : kNoValue;
      if (codes == kNoValue || !graph.is_constant(scale)) continue;
      add_quantized(graph, node, codes, graph.value(scale).constant, zero_point);
    }
  }

  void add_quantized(const Graph& graph, const Node& node, ValueId codes, const Tensor& scales, ValueId zero_point) {
    const Value& value = graph.value(codes);
    if (!seen_.insert(value.name).second) return;
    const auto [low, high] = extremes(scales);
    inventory_.quantized.push_back({.name = value.name,
                                    .is_constant = static_cast<bool>(value.constant),
                                    .dtype = code_type(graph, node, value, zero_point),
                                    .grids = scales.size(),
                                    .axis = node.get_int("axis", node.op_type == "QLinearConv" ? 0 : 1),
                                    .block_size = node.get_int("block_size", 0),
                                    .min_scale = low,
                                    .max_scale = high});
  }

  const Model& model_;
  Inventory inventory_;
  std::map<std::pair<std::string, std::string>, std::int64_t> ops_;
  std::map<DType, TypeCount> types_;
  std::set<std::string> seen_;
};

}  // namespace

Inventory take_inventory(const Model& model) { return Inventorist(model).take(); }

}  // namespace zeropoint
