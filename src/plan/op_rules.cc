#include "plan/op_rules.h"

#include <algorithm>

namespace zeropoint {
namespace {

constexpr std::string_view kNormalization = "normalization needs float statistics";
constexpr std::string_view kExponential = "exponentials and their sums need float";
constexpr std::string_view kShapes = "handles shapes, indices or conditions, not activations";
constexpr std::string_view kRecurrent = "recurrent state is kept in float";
constexpr std::string_view kBranches = "its branches stay in float";

constexpr OpRule kRules[] = {
    // clang-format off
    {"Conv", OpRole::matrix}, {"ConvTranspose", OpRole::matrix}, {"Gemm", OpRole::matrix}, {"MatMul", OpRole::matrix},

    {"Add", OpRole::pairwise}, {"Mul", OpRole::pairwise}, {"Sub", OpRole::pairwise},

    {"AveragePool", OpRole::unary}, {"GlobalAveragePool", OpRole::unary}, {"ReduceMean", OpRole::unary},
    {"Relu", OpRole::unary}, {"Clip", OpRole::unary}, {"LeakyRelu", OpRole::unary}, {"PRelu", OpRole::unary},
    {"Elu", OpRole::unary}, {"Selu", OpRole::unary}, {"HardSwish", OpRole::unary}, {"Mish", OpRole::unary},
    {"HardSigmoid", OpRole::unary},
    {"Sigmoid", OpRole::unary, {}, FixedRange::unit}, {"Tanh", OpRole::unary, {}, FixedRange::symmetric},

    {"Concat", OpRole::preserving}, {"DepthToSpace", OpRole::preserving}, {"Dropout", OpRole::preserving},
    {"Expand", OpRole::preserving}, {"Flatten", OpRole::preserving}, {"Gather", OpRole::preserving},
    {"GatherElements", OpRole::preserving}, {"GatherND", OpRole::preserving}, {"GlobalMaxPool", OpRole::preserving},
    {"Identity", OpRole::preserving}, {"MaxPool", OpRole::preserving}, {"Pad", OpRole::preserving},
    {"ReduceMax", OpRole::preserving}, {"ReduceMin", OpRole::preserving}, {"Reshape", OpRole::preserving},
    {"Resize", OpRole::preserving}, {"Slice", OpRole::preserving}, {"SpaceToDepth", OpRole::preserving},
    {"Split", OpRole::preserving}, {"Squeeze", OpRole::preserving}, {"Tile", OpRole::preserving},
    {"Transpose", OpRole::preserving}, {"Unsqueeze", OpRole::preserving},

    {"Softmax", OpRole::in_float, kExponential, FixedRange::unit},
    {"LogSoftmax", OpRole::in_float, kExponential}, {"Exp", OpRole::in_float, kExponential},
    {"Log", OpRole::in_float, kExponential}, {"Softplus", OpRole::in_float, kExponential},
    {"Gelu", OpRole::in_float, "one float evaluation is closer than two roundings around it"},
    {"Erf", OpRole::in_float, "one float evaluation is closer than two roundings around it"},
    {"BatchNormalization", OpRole::in_float, "it could not be folded into a matrix product"},
    {"LayerNormalization", OpRole::in_float, kNormalization}, {"RMSNormalization", OpRole::in_float, kNormalization},
    {"InstanceNormalization", OpRole::in_float, kNormalization},
    {"GroupNormalization", OpRole::in_float, kNormalization}, {"LRN", OpRole::in_float, kNormalization},
    {"LpNormalization", OpRole::in_float, kNormalization},
    {"Div", OpRole::in_float, "quotients have no bounded grid"}, {"Pow", OpRole::in_float, "powers have no bounded grid"},
    {"Sqrt", OpRole::in_float, kNormalization}, {"Reciprocal", OpRole::in_float, "quotients have no bounded grid"},
    {"ReduceSum", OpRole::in_float, "sums grow beyond the grid of their terms"},
    {"LSTM", OpRole::in_float, kRecurrent}, {"GRU", OpRole::in_float, kRecurrent}, {"RNN", OpRole::in_float, kRecurrent},
    {"If", OpRole::in_float, kBranches}, {"Loop", OpRole::in_float, kBranches}, {"Scan", OpRole::in_float, kBranches},
    {"ArgMax", OpRole::in_float, kShapes}, {"ArgMin", OpRole::in_float, kShapes}, {"Cast", OpRole::in_float, kShapes},
    {"ConstantOfShape", OpRole::in_float, kShapes}, {"Equal", OpRole::in_float, kShapes},
    {"Greater", OpRole::in_float, kShapes}, {"GreaterOrEqual", OpRole::in_float, kShapes},
    {"Less", OpRole::in_float, kShapes}, {"LessOrEqual", OpRole::in_float, kShapes},
    {"NonZero", OpRole::in_float, kShapes}, {"Not", OpRole::in_float, kShapes}, {"Range", OpRole::in_float, kShapes},
    {"Shape", OpRole::in_float, kShapes}, {"Size", OpRole::in_float, kShapes}, {"TopK", OpRole::in_float, kShapes},
    {"Where", OpRole::in_float, "selects between values of different ranges"},
    // clang-format on
};

// Of ai.onnx and com.microsoft, besides everything that is called QLinear...
constexpr std::string_view kQuantizedOps[] = {"ConvInteger",   "DequantizeLinear", "DynamicQuantizeLinear",
                                              "MatMulInteger", "MatMulNBits",      "QGemm",
                                              "QuantizeLinear"};

constexpr OpRule kQuantized = {"", OpRole::in_float, "already part of a quantized model"};
constexpr OpRule kUnknown = {"", OpRole::in_float, "this operator has no integer arithmetic here"};

}  // namespace

bool is_quantized_op(std::string_view op_type) {
  return op_type.starts_with("QLinear") ||
         std::find(std::begin(kQuantizedOps), std::end(kQuantizedOps), op_type) != std::end(kQuantizedOps);
}

const OpRule& op_rule(std::string_view domain, std::string_view op_type) {
  if (is_quantized_op(op_type)) return kQuantized;
  if (!domain.empty() && domain != "ai.onnx") return kUnknown;
  const auto row =
      std::find_if(std::begin(kRules), std::end(kRules), [&](const OpRule& r) { return r.op_type == op_type; });
  return row == std::end(kRules) ? kUnknown : *row;
}

}  // namespace zeropoint
