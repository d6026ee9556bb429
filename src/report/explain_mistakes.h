// `zeropoint explain --mistakes` and `--padding`: formulas that are published and wrong, each with
// the numbers that expose it. Every number is computed here, by the wrong formula and by the right one.
#pragma once

#include <string>
#include <vector>

namespace zeropoint {

struct MistakeRow {
  double x = 0;
  double right_q = 0;
  double right_x = 0;  // x' by the right formula
  double wrong_q = 0;
  double wrong_x = 0;
};

struct Mistake {
  std::string title;
  std::string wrong;    // the formula as published
  std::string right;    // the formula that holds
  std::string setting;  // range, type, scale and zero point of the example
  std::vector<MistakeRow> rows;
  std::string verdict;  // what the numbers show
};

std::vector<Mistake> mistakes();
std::string to_text(const std::vector<Mistake>& gallery);  ///< fits 80 columns
std::string to_json(const std::vector<Mistake>& gallery);

/// A convolution with three taps of weight 1 at the left border of a signal, in integers, padded with
/// the zero point and padded with code 0.
struct PaddingExample {
  double scale = 0;
  int zero_point = 0;
  std::vector<double> signal;
  std::vector<int> codes;
  double exact = 0;            // real arithmetic, padding with real 0
  double with_zero_point = 0;  // integer arithmetic, padding with Z
  double with_code_zero = 0;   // integer arithmetic, padding with code 0
};

PaddingExample padding_example();
std::string to_text(const PaddingExample& example);
std::string to_json(const PaddingExample& example);

}  // namespace zeropoint
