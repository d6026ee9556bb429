// Sums and products of two codes, one pair at a time: the readable twin of kernels/qadd and kernels/qmul.
#pragma once

#include <cstdint>

#include "zeropoint/quant.h"

namespace zeropoint {

/// One operand: its grid, and the codes it can hold (of the result: the codes it may use).
struct CodeOperand {
  QParams grid;
  CodeRange codes;

  /// Largest |q - Z|.
  std::int64_t largest_difference() const;
};

/// q_y = Z_y + (S_a / S_y)(q_a - Z_a) + (S_b / S_y)(q_b - Z_b)
///
///   onnx         in float64 from float32 ratios; rounded once, after Z_y was added
///   ort_x86      float32, in the order of ONNX Runtime's QLinearAdd: (Z_y - (r_a Z_a + r_b Z_b)) + q_a r_a + q_b r_b
///   fixed_point  TensorFlow Lite's: differences shifted left by 20 (8-bit codes) or 14, three Q31 multipliers
struct AddRule {
  AddRule(const CodeOperand& a, const CodeOperand& b, const CodeOperand& y, Arithmetic arithmetic);
  std::int32_t operator()(std::int32_t a, std::int32_t b) const;

  Arithmetic arithmetic;
  std::int32_t zero_a, zero_b, zero_y;
  CodeRange codes;
  float ratio_a, ratio_b;
  float fixed_part;    // ort_x86: Z_y - (r_a Z_a + r_b Z_b)
  int left_shift = 0;  // fixed_point
  FixedPointMultiplier scale_a, scale_b, scale_y;
};

/// q_y = Z_y + M (q_a - Z_a)(q_b - Z_b), M = S_a S_b / S_y. ort_x86 rounds after Z_y was added, as ONNX Runtime's
/// QLinearMul does. The product of the largest differences must fit int32: true for codes of at most 8 bits.
struct MulRule {
  MulRule(const CodeOperand& a, const CodeOperand& b, const CodeOperand& y, Arithmetic arithmetic);
  std::int32_t operator()(std::int32_t a, std::int32_t b) const;

  Arithmetic arithmetic;
  std::int32_t zero_a, zero_b, zero_y;
  CodeRange codes;
  Rescale rescale;
};

}  // namespace zeropoint
