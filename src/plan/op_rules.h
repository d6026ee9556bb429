// What quantization makes of each operator: one table row per operator type.
#pragma once

#include <string_view>

namespace zeropoint {

enum class OpRole {
  matrix,      // sums of products: worth integer arithmetic by itself, asks for quantized inputs
  pairwise,    // Add, Mul ... of two activations: integer when it sits between integer nodes
  unary,       // pools and functions of one activation: integer when it sits between integer nodes
  preserving,  // moves or selects values: input and output share scale and zero point
  in_float,    // stays float, for the row's reason
};

/// Outputs whose range is known beforehand.
enum class FixedRange {
  none,
  unit,       // [0, 1): scale 1/256 for 8 bits, zero point at the lowest code
  symmetric,  // [-1, 1): scale 1/128 for 8 bits, zero point at the middle code
};

struct OpRule {
  std::string_view op_type;  // of the ai.onnx domain
  OpRole role = OpRole::in_float;
  std::string_view reason = {};  // in_float only
  FixedRange output = FixedRange::none;
};

/// The row of an operator; operators without a row stay float and say so.
const OpRule& op_rule(std::string_view domain, std::string_view op_type);

/// Whether an operator computes on codes, or turns values into codes and back.
bool is_quantized_op(std::string_view op_type);

}  // namespace zeropoint
