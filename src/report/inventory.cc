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
      if (node.op_type == "DequantizeLinear") add_quantized(graph, node, node.inputs.at(0));
      if (node.op_type == "QuantizeLinear") add_quantized(graph, node, node.outputs.at(0));
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

  /// The type of the codes: of the zero point, or of the tensor, or what output_dtype says, or uint8.
  static DType code_type(const Graph& graph, const Node& node, ValueId codes) {
    if (node.inputs.size() > 2 && graph.is_constant(node.inputs[2]))
      return graph.value(node.inputs[2]).constant.dtype();
    if (graph.is_constant(codes)) return graph.value(codes).constant.dtype();
    const std::int64_t output_dtype = node.get_int("output_dtype", 0);
    if (node.op_type == "QuantizeLinear" && output_dtype > 0 && output_dtype < kDTypeCount) {
      return static_cast<DType>(output_dtype);
    }
    return graph.value(codes).dtype == DType::undefined ? DType::u8 : graph.value(codes).dtype;
  }

  /// Smallest and largest scale; zeros for scales that are bare exponents.
  static std::pair<double, double> extremes(const Tensor& scales) {
    static constexpr DType kReal[] = {DType::f32, DType::f16, DType::bf16, DType::f64};
    if (std::find(std::begin(kReal), std::end(kReal), scales.dtype()) == std::end(kReal) || scales.size() == 0)
      return {};
    std::pair<double, double> result{load_real(scales.dtype(), scales.raw(), 0),
                                     load_real(scales.dtype(), scales.raw(), 0)};
    for (std::int64_t i = 1; i < scales.size(); ++i) {
      const double scale = load_real(scales.dtype(), scales.raw(), i);
      result = {std::min(result.first, scale), std::max(result.second, scale)};
    }
    return result;
  }

  void add_quantized(const Graph& graph, const Node& node, ValueId codes) {
    if (node.inputs.size() < 2 || !graph.is_constant(node.inputs[1]) || codes == kNoValue) return;
    const Value& value = graph.value(codes);
    if (!seen_.insert(value.name).second) return;
    const Tensor& scales = graph.value(node.inputs[1]).constant;
    const auto [low, high] = extremes(scales);
    inventory_.quantized.push_back({.name = value.name,
                                    .is_constant = static_cast<bool>(value.constant),
                                    .dtype = code_type(graph, node, codes),
                                    .grids = scales.size(),
                                    .axis = node.get_int("axis", 1),
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
