// `zeropoint explain multiply|add|matmul --scales A,B,Y`: where the multiplier M comes from when
// two quantized tensors with different scales and zero points meet, with the integers of an example.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "zeropoint/quant.h"

namespace zeropoint {

enum class BinaryOperation { multiply, add, matmul };

/// Operands a and b and the result y, in that order.
struct ArithmeticQuestion {
  BinaryOperation operation = BinaryOperation::multiply;
  DType dtype = DType::u8;
  std::array<QParams, 3> qparams;
  std::array<std::int32_t, 2> codes;  // of one element of a and b; multiply and add only
};

/// A small product of two matrices of codes, with the sums that carry the zero points.
struct MatmulExample {
  std::vector<std::vector<std::int32_t>> a, b;
  std::vector<std::vector<std::int32_t>> products;      // sum of q_a q_b
  std::vector<std::int32_t> row_sums, column_sums;      // of a's rows, of b's columns
  std::vector<std::vector<std::int32_t>> accumulators;  // sum of (q_a - Z_a)(q_b - Z_b)
  std::vector<std::vector<double>> unrounded;           // Z_y + M times the accumulator
  std::vector<std::vector<std::int32_t>> y;             // codes, `onnx` arithmetic
  int clipped = 0;                                      // elements of y that round to no code
};

struct ArithmeticExplanation {
  ArithmeticQuestion question;
  std::array<double, 2> ratios{};         // add: S_a / S_y and S_b / S_y; otherwise M in the first
  FixedPointMultiplier fixed;             // of M
  std::array<double, 3> reals{};          // multiply, add: a, b and the exact result
  std::int32_t accumulator = 0;           // multiply: (q_a - Z_a)(q_b - Z_b)
  std::array<std::int32_t, 3> results{};  // q_y by Arithmetic::onnx, ort_x86, fixed_point; add: onnx only
  MatmulExample matmul;
};

/// Throws invalid_option when a scale is not positive and finite, or a zero point or code lies outside the type.
ArithmeticExplanation explain_arithmetic(const ArithmeticQuestion& question);

std::string to_text(const ArithmeticExplanation& explanation);  ///< fits 80 columns
std::string to_json(const ArithmeticExplanation& explanation);

}  // namespace zeropoint
