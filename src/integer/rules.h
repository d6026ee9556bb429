// The arithmetic of one element: what a pair of codes, or an accumulator, becomes. Shared by the fast
// functions and their references, which differ in how they walk over tensors.
#pragma once

#include <cstdint>

#include "integer/operand.h"
#include "zeropoint/quant.h"

namespace zeropoint::integer {

/// q_y = Z_y + (S_a / S_y)(q_a - Z_a) + (S_b / S_y)(q_b - Z_b); see integer.h for the three arithmetics.
class AddRule {
 public:
  AddRule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic);
  std::int32_t operator()(std::int32_t a, std::int32_t b) const;

 private:
  Arithmetic arithmetic_;
  std::int32_t zero_a_, zero_b_, zero_y_;
  CodeRange codes_;
  float ratio_a_, ratio_b_;
  float fixed_part_;    // ort_x86: Z_y - (r_a Z_a + r_b Z_b)
  int left_shift_ = 0;  // fixed_point
  FixedPointMultiplier scale_a_, scale_b_, scale_y_;
};

/// q_y = Z_y + M (q_a - Z_a)(q_b - Z_b)
class MulRule {
 public:
  MulRule(const Operand& a, const Operand& b, const Operand& y, Arithmetic arithmetic);
  std::int32_t operator()(std::int32_t a, std::int32_t b) const;

 private:
  Arithmetic arithmetic_;
  std::int32_t zero_a_, zero_b_, zero_y_;
  CodeRange codes_;
  Rescale rescale_;
};

/// M for the mean of `count` values: S_x / (S_y count).
Rescale mean_rescale(const Operand& x, const Operand& y, std::int64_t count);

}  // namespace zeropoint::integer
