#include "passes/qdq_to_qoperator.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/fail.h"
#include "passes/qdq_pattern.h"

namespace zeropoint {
namespace {

constexpr const char* kMicrosoft = "com.microsoft";

std::size_t at(ValueId id) { return static_cast<std::size_t>(id); }

/// Operators of com.microsoft with the form (x, x_scale, x_zero_point ..., y_scale, y_zero_point).
struct LinearForm {
  std::string_view op_type;
  const char* linear;
  std::size_t operands;
};
constexpr std::array<LinearForm, 6> kLinearForms = {{
    {"Add", "QLinearAdd", 2},
    {"Mul", "QLinearMul", 2},
    {"Sigmoid", "QLinearSigmoid", 1},
    {"LeakyRelu", "QLinearLeakyRelu", 1},
    {"AveragePool", "QLinearAveragePool", 1},
    {"GlobalAveragePool", "QLinearGlobalAveragePool", 1},
}};

/// Operators that ONNX defines for 8-bit integers as for floats.
constexpr std::array<std::string_view, 21> kMovers = {
    "Concat",   "DepthToSpace", "Expand", "Flatten",   "Gather",    "GatherElements", "GatherND",
    "Identity", "MaxPool",      "Pad",    "ReduceMax", "ReduceMin", "Reshape",        "Resize",
    "Slice",    "SpaceToDepth", "Split",  "Squeeze",   "Tile",      "Transpose",      "Unsqueeze"};

class Rewriter {
 public:
  explicit Rewriter(Model& model)
      : model_(model), graph_(model.graph), pattern_(model.graph), dead_(model.graph.nodes.size()) {}

  std::map<std::string, int> run() {
    refuse_wide_codes();
    const std::size_t count = graph_.nodes.size();
    std::vector<std::vector<Node>> replacement(count);
    for (std::size_t n = 0; n < count; ++n) replacement[n] = rewrite(static_cast<int>(n));
    replace(std::move(replacement));
    erase_unread_dequantizers();
    if (uses_microsoft_) model_.opsets.try_emplace(kMicrosoft, 1);
    return made_;
  }

 private:
  const Node& node(int n) const { return graph_.nodes[static_cast<std::size_t>(n)]; }
  static bool is(const Node& n, std::string_view op_type) { return n.domain.empty() && n.op_type == op_type; }

  void refuse_wide_codes() const {
    for (const Node& n : graph_.nodes) {
      if (!is(n, "QuantizeLinear") || n.inputs.size() < 3 || !graph_.is_constant(n.inputs[2])) continue;
      const DType dtype = graph_.value(n.inputs[2]).constant.dtype();
      if (bits(dtype) > 8) {
        fail(ErrorKind::unsupported, n.label,
             "operators on codes take 8 bits, the activations have {}; use --format qdq", name(dtype));
      }
    }
  }

  std::vector<Node> rewrite(int n) {
    const Node& op = node(n);
    if (!op.domain.empty() || op.outputs.empty()) return {};
    if (op.op_type == "Conv") return convolution(n);
    if (op.op_type == "MatMul") return matmul(n);
    if (op.op_type == "Gemm") return gemm(n);
    if (std::find(kMovers.begin(), kMovers.end(), op.op_type) != kMovers.end()) return mover(n);
    const auto form = std::find_if(kLinearForms.begin(), kLinearForms.end(),
                                   [&](const LinearForm& f) { return f.op_type == op.op_type; });
    return form == kLinearForms.end() ? std::vector<Node>{} : linear(n, *form);
  }

  // ---- the forms

  std::vector<Node> convolution(int n) {
    const Node& op = node(n);
    const auto x = pattern_.dequantized(op.inputs[0]);
    const auto w = pattern_.dequantized(op.inputs[1]);
    const auto y = pattern_.quantized(op.outputs[0], true);
    if (!x || !w || !y) return {};
    Node made = like(op, "QLinearConv", "");
    made.inputs = {x->codes, x->scale, x->zero_point, w->codes, w->scale, w->zero_point, y->scale, y->zero_point};
    if (op.inputs.size() > 2 && op.inputs[2] != kNoValue) {
      const auto bias = pattern_.integer_bias(op.inputs[2], *x, *w);
      if (!bias) return {};
      made.inputs.push_back(*bias);
    }
    return finish(n, std::move(made), *y);
  }

  std::vector<Node> matmul(int n) {
    const Node& op = node(n);
    const auto a = pattern_.dequantized(op.inputs[0]);
    const auto b = pattern_.dequantized(op.inputs[1]);
    if (!a || !b) return {};
    const auto y = pattern_.quantized(op.outputs[0], true);
    if (!y) return integer_matmul(n, *a, *b);
    Node made = like(op, "QLinearMatMul", "");
    made.inputs = {a->codes, a->scale, a->zero_point, b->codes, b->scale, b->zero_point, y->scale, y->zero_point};
    return finish(n, std::move(made), *y);
  }

  // A product whose result stays float: int32 sums, then one multiplication by S_a S_b.
  std::vector<Node> integer_matmul(int n, const Codes& a, const Codes& b) {
    const Node& op = node(n);
    const std::optional<Tensor> scale = pattern_.product(a.scale, b.scale);
    if (!scale || !pattern_.is_per_tensor(a)) return {};
    const std::string stem = graph_.value(op.outputs[0]).name;
    const ValueId sums = graph_.add_value({.name = graph_.fresh_name(stem + "_int32"), .dtype = DType::i32});
    const ValueId real = graph_.add_value({.name = graph_.fresh_name(stem + "_unscaled"), .dtype = DType::f32});
    const ValueId factor = graph_.add_constant(graph_.fresh_name(stem + "_scale"), *scale);
    Node matmul = like(op, "MatMulInteger", "");
    matmul.inputs = {a.codes, b.codes, a.zero_point, b.zero_point};
    matmul.outputs = {sums};
    Node cast{.name = matmul.name + "_Cast", .op_type = "Cast", .inputs = {sums}, .outputs = {real}};
    cast.set("to", static_cast<std::int64_t>(DType::f32));
    Node mul{.name = matmul.name + "_Mul", .op_type = "Mul", .inputs = {real, factor}, .outputs = {op.outputs[0]}};
    count(matmul);
    dead_[static_cast<std::size_t>(n)] = true;
    return {matmul, cast, mul};
  }

  std::vector<Node> gemm(int n) {
    const Node& op = node(n);
    const auto a = pattern_.dequantized(op.inputs[0]);
    const auto b = pattern_.dequantized(op.inputs[1]);
    if (!a || !b || op.get_float("alpha", 1) != 1 || op.get_float("beta", 1) != 1) return {};
    Node made = like(op, "QGemm", kMicrosoft);
    made.erase("beta");
    made.inputs = {a->codes, a->scale, a->zero_point, b->codes, b->scale, b->zero_point};
    if (op.inputs.size() > 2 && op.inputs[2] != kNoValue) {
      const auto bias = pattern_.integer_bias(op.inputs[2], *a, *b);
      if (!bias) return {};
      made.inputs.push_back(*bias);
    }
    if (const auto y = pattern_.quantized(op.outputs[0], true)) {
      made.inputs.resize(7, kNoValue);
      made.inputs.insert(made.inputs.end(), {y->scale, y->zero_point});
      return finish(n, std::move(made), *y);
    }
    count(made);
    made.outputs = op.outputs;  // without y_scale the result is float
    dead_[static_cast<std::size_t>(n)] = true;
    return {made};
  }

  std::vector<Node> linear(int n, const LinearForm& form) {
    const Node& op = node(n);
    const auto y = pattern_.quantized(op.outputs[0], true);
    if (!y || op.inputs.size() != form.operands) return {};
    Node made = like(op, form.linear, kMicrosoft);
    made.inputs.clear();
    for (const ValueId input : op.inputs) {
      const auto x = pattern_.dequantized(input);
      if (!x || !pattern_.is_per_tensor(*x)) return {};
      made.inputs.insert(made.inputs.end(), {x->codes, x->scale, x->zero_point});
    }
    made.inputs.insert(made.inputs.end(), {y->scale, y->zero_point});
    return finish(n, std::move(made), *y);
  }

  // Moves codes as it moved floats, where input and output share the grid.
  std::vector<Node> mover(int n) {
    const Node& op = node(n);
    Node made = op;
    std::optional<Codes> grid;
    const std::size_t data_inputs = op.op_type == "Concat" ? op.inputs.size() : 1;
    for (std::size_t i = 0; i < data_inputs; ++i) {
      const auto x = pattern_.dequantized(op.inputs[i]);
      if (!x || (grid && !pattern_.same_grid(*grid, *x))) return {};
      made.inputs[i] = x->codes;
      grid = x;
    }
    std::vector<int> rounding;
    for (ValueId& output : made.outputs) {
      if (output == kNoValue) continue;
      const auto y = pattern_.quantized(output, false);
      if (!y || !pattern_.same_grid(*grid, *y)) return {};
      output = y->codes;
      rounding.insert(rounding.end(), y->nodes.begin(), y->nodes.end());
    }
    if (op.op_type == "Pad" && op.get_string("mode", "constant") == "constant") {
      made.inputs.resize(std::max<std::size_t>(made.inputs.size(), 3), kNoValue);
      made.inputs[2] = grid->zero_point;  // real 0
    }
    for (const int r : rounding) dead_[static_cast<std::size_t>(r)] = true;
    dead_[static_cast<std::size_t>(n)] = true;
    return {made};
  }

  // ---- helpers

  static Node like(const Node& op, const char* op_type, const char* domain) {
    Node made = op;
    made.op_type = op_type;
    made.domain = domain;
    return made;
  }

  void count(const Node& made) {
    ++made_[made.op_type];
    uses_microsoft_ = uses_microsoft_ || made.domain == kMicrosoft;
  }

  // The node writes y's codes; a Relu or Clip on the way becomes a Clip of codes where the grid does not end there.
  std::vector<Node> finish(int n, Node made, const Codes& y) {
    std::optional<Node> clip;
    made.outputs = {y.codes};
    if (y.nodes.size() > 1) {
      const auto limits = pattern_.code_limits(node(y.nodes[0]), y);
      if (!limits) return {};
      if (limits->needed) {
        const std::string stem = graph_.value(y.codes).name;
        const ValueId unclipped = graph_.add_value({.name = graph_.fresh_name(stem + "_unclipped"),
                                                    .dtype = graph_.value(y.codes).dtype,
                                                    .shape = graph_.value(y.codes).shape});
        made.outputs = {unclipped};
        const ValueId low = graph_.add_constant(graph_.fresh_name(stem + "_min"), limits->low);
        const ValueId high = graph_.add_constant(graph_.fresh_name(stem + "_max"), limits->high);
        clip = Node{
            .name = made.name + "_Clip", .op_type = "Clip", .inputs = {unclipped, low, high}, .outputs = {y.codes}};
      }
    }
    count(made);
    for (const int r : y.nodes) dead_[static_cast<std::size_t>(r)] = true;
    dead_[static_cast<std::size_t>(n)] = true;
    std::vector<Node> nodes = {std::move(made)};
    if (clip) nodes.push_back(std::move(*clip));
    return nodes;
  }

  void replace(std::vector<std::vector<Node>> replacement) {
    std::vector<Node> nodes;
    for (std::size_t n = 0; n < replacement.size(); ++n) {
      for (Node& made : replacement[n]) {
        made.label = graph_.describe(made);
        nodes.push_back(std::move(made));
      }
      if (!dead_[n]) nodes.push_back(std::move(graph_.nodes[n]));
    }
    graph_.nodes = std::move(nodes);
  }

  void erase_unread_dequantizers() {
    const Uses uses(graph_);
    std::vector<bool> unread(graph_.nodes.size());
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      unread[n] = is(graph_.nodes[n], "DequantizeLinear") && uses.consumers[at(graph_.nodes[n].outputs[0])].empty();
    }
    graph_.erase_nodes(unread);
    graph_.erase_unused_values();
  }

  Model& model_;
  Graph& graph_;
  const QdqPattern pattern_;  // of the graph as it came
  std::vector<bool> dead_;
  std::map<std::string, int> made_;
  bool uses_microsoft_ = false;
};

}  // namespace

std::map<std::string, int> qdq_to_qoperator(Model& model) { return Rewriter(model).run(); }

}  // namespace zeropoint
