#include "report/explain_arithmetic.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/fail.h"
#include "base/json_text.h"

namespace zeropoint {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"a", "b", "y"};
constexpr std::array<Arithmetic, 3> kArithmetics = {Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point};

// The matrices of ONNX's QLinearMatMul example (onnx/backend/test/case/node/qlinearmatmul.py), as codes of uint8;
// other types see the same bits moved to their own range.
constexpr std::array<std::array<int, 4>, 2> kLhs = {{{208, 236, 0, 238}, {3, 214, 255, 29}}};
constexpr std::array<std::array<int, 3>, 4> kRhs = {{{152, 51, 244}, {60, 26, 255}, {0, 127, 246}, {127, 254, 247}}};

double scale(const ArithmeticQuestion& q, std::size_t i) { return static_cast<double>(q.qparams[i].scale); }
std::int32_t zero(const ArithmeticQuestion& q, std::size_t i) { return q.qparams[i].zero_point; }

void check(const ArithmeticQuestion& q, CodeRange range) {
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(q.qparams[i].scale > 0) || !std::isfinite(q.qparams[i].scale)) {
      fail(ErrorKind::invalid_option, "--scales", "S_{} = {} is not a positive number", kNames[i], q.qparams[i].scale);
    }
    if (zero(q, i) < range.min || zero(q, i) > range.max) {
      fail(ErrorKind::invalid_option, "--zero-points", "Z_{} = {} is no code of {} [{}, {}]", kNames[i], zero(q, i),
           name(q.dtype), range.min, range.max);
    }
  }
  for (std::size_t i = 0; i < 2 && q.operation != BinaryOperation::matmul; ++i) {
    if (q.codes[i] < range.min || q.codes[i] > range.max) {
      fail(ErrorKind::invalid_option, "--codes", "q_{} = {} is no code of {} [{}, {}]", kNames[i], q.codes[i],
           name(q.dtype), range.min, range.max);
    }
  }
}

MatmulExample multiply_matrices(const ArithmeticQuestion& q, const Rescale& rescale, CodeRange range) {
  MatmulExample m;
  const auto code = [&](int value) { return std::clamp(value + range.min, range.min, range.max); };
  for (const auto& row : kLhs) {
    auto& line = m.a.emplace_back();
    for (const int v : row) line.push_back(code(v));
  }
  for (const auto& row : kRhs) {
    auto& line = m.b.emplace_back();
    for (const int v : row) line.push_back(code(v));
  }
  const auto depth = static_cast<std::int32_t>(m.b.size());
  m.column_sums.resize(m.b[0].size());
  for (const auto& row : m.b) {
    for (std::size_t j = 0; j < row.size(); ++j) m.column_sums[j] += row[j];
  }
  for (const auto& row : m.a) {
    std::int32_t row_sum = 0;
    for (const std::int32_t v : row) row_sum += v;
    m.row_sums.push_back(row_sum);
    auto& products = m.products.emplace_back(m.column_sums.size());
    auto& accumulators = m.accumulators.emplace_back(m.column_sums.size());
    auto& unrounded = m.unrounded.emplace_back(m.column_sums.size());
    auto& y = m.y.emplace_back(m.column_sums.size());
    for (std::size_t j = 0; j < products.size(); ++j) {
      for (std::size_t k = 0; k < row.size(); ++k) products[j] += row[k] * m.b[k][j];
      accumulators[j] =
          products[j] - zero(q, 1) * row_sum - zero(q, 0) * m.column_sums[j] + depth * zero(q, 0) * zero(q, 1);
      unrounded[j] = zero(q, 2) + scale(q, 0) * scale(q, 1) / scale(q, 2) * accumulators[j];
      y[j] = requantize_value(accumulators[j], rescale, zero(q, 2), range);
      const double rounded = std::rint(unrounded[j]);
      m.clipped += rounded < range.min || rounded > range.max ? 1 : 0;
    }
  }
  return m;
}

std::string signed_text(std::int64_t v) { return v < 0 ? fmt::format("({})", v) : std::to_string(v); }

std::string operands_text(const ArithmeticQuestion& q) {
  std::string text;
  for (std::size_t i = 0; i < 3; ++i) {
    text += fmt::format("   S_{0} = {1:<12.8g} Z_{0} = {2}\n", kNames[i], scale(q, i), zero(q, i));
  }
  return text;
}

std::string multiplier_text(const ArithmeticExplanation& e) {
  const ArithmeticQuestion& q = e.question;
  return fmt::format(
      "   M = S_a S_b / S_y = {:.8g} * {:.8g} / {:.8g} = {:.9g}\n"
      "   in integers alone: M = {} / 2^31 * 2^{} (a high product and a shift)\n",
      scale(q, 0), scale(q, 1), scale(q, 2), e.ratios[0], e.fixed.m0, e.fixed.shift);
}

std::string example_text(const ArithmeticExplanation& e) {
  const ArithmeticQuestion& q = e.question;
  const bool is_add = q.operation == BinaryOperation::add;
  const char sign = is_add ? '+' : '*';
  std::string text = fmt::format(
      "\nExample: q_a = {} means {} * ({} - {}) = {:.6g}, q_b = {} means {:.6g}\n"
      "   exact result {:.6g} {} {:.6g} = {:.6g}, or {:.6g} steps of S_y\n",
      q.codes[0], fmt::format("{:.6g}", scale(q, 0)), q.codes[0], signed_text(zero(q, 0)), e.reals[0], q.codes[1],
      e.reals[1], e.reals[0], sign, e.reals[1], e.reals[2], e.reals[2] / scale(q, 2));
  if (is_add) {
    text += fmt::format("   q_y = {} + {:.6g} * {} + {:.6g} * {}  ->  {}\n", zero(q, 2), e.ratios[0],
                        signed_text(q.codes[0] - zero(q, 0)), e.ratios[1], signed_text(q.codes[1] - zero(q, 1)),
                        e.results[0]);
  } else {
    text += fmt::format("   accumulator {} * {} = {}\n", signed_text(q.codes[0] - zero(q, 0)),
                        signed_text(q.codes[1] - zero(q, 1)), e.accumulator);
    for (std::size_t i = 0; i < kArithmetics.size(); ++i) {
      text += fmt::format("   q_y by {:<12} = {}\n", name(kArithmetics[i]), e.results[i]);
    }
  }
  const double back = scale(q, 2) * (e.results[0] - zero(q, 2));
  return text + fmt::format("   which means {:.6g}: error {:.3g}, at most S_y/2 = {:.3g} unless it clips\n", back,
                            back - e.reals[2], scale(q, 2) / 2);
}

std::string cell(std::int32_t code) { return fmt::format("{:>9}", code); }
std::string cell(double real) { return fmt::format("{:>9.6g}", real); }

template <class Number>
std::string matrix_text(std::string_view label, const std::vector<std::vector<Number>>& matrix) {
  std::string text;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    text += fmt::format("   {:<22}", i == 0 ? label : "");
    for (const Number v : matrix[i]) text += cell(v);
    text += "\n";
  }
  return text;
}

std::string matmul_text(const ArithmeticExplanation& e) {
  const MatmulExample& m = e.matmul;
  std::string text = "\nExample (the matrices of ONNX's QLinearMatMul)\n";
  text += matrix_text("q_a", m.a) + matrix_text("q_b", m.b);
  text += matrix_text("sum q_a q_b", m.products);
  text += matrix_text<std::int32_t>("row sums of q_a", {m.row_sums}) +
          matrix_text<std::int32_t>("column sums of q_b", {m.column_sums});
  text += matrix_text("accumulators", m.accumulators) + matrix_text("Z_y + M accumulator", m.unrounded);
  text += matrix_text("q_y", m.y);
  if (m.clipped > 0) {
    text += fmt::format(
        "   {} of {} results lie beyond the codes and are clipped: S_y is too small for\n"
        "   these matrices.\n",
        m.clipped, m.y.size() * m.y[0].size());
  }
  text +=
      "\nThe sum cannot overflow int32 while K * 255 * 255 < 2^31, that is K < 33026;\n"
      "with signed weights while K * 255 * 128 < 2^31, that is K < 65793.\n";
  return text;
}

}  // namespace

ArithmeticExplanation explain_arithmetic(const ArithmeticQuestion& q) {
  const CodeRange range = code_range({.dtype = q.dtype});
  check(q, range);
  ArithmeticExplanation e{.question = q};
  const Rescale rescale = make_rescale(q.qparams[0].scale, q.qparams[1].scale, q.qparams[2].scale);
  if (q.operation == BinaryOperation::matmul) {
    e.ratios[0] = scale(q, 0) * scale(q, 1) / scale(q, 2);
    e.fixed = rescale.fixed;
    e.matmul = multiply_matrices(q, rescale, range);
    return e;
  }
  const double a = scale(q, 0) * (q.codes[0] - zero(q, 0));
  const double b = scale(q, 1) * (q.codes[1] - zero(q, 1));
  if (q.operation == BinaryOperation::add) {
    e.ratios = {scale(q, 0) / scale(q, 2), scale(q, 1) / scale(q, 2)};
    e.reals = {a, b, a + b};
    const double steps = e.ratios[0] * (q.codes[0] - zero(q, 0)) + e.ratios[1] * (q.codes[1] - zero(q, 1));
    const double code =
        std::clamp(std::rint(steps + zero(q, 2)), static_cast<double>(range.min), static_cast<double>(range.max));
    e.results.fill(static_cast<std::int32_t>(code));
    return e;
  }
  e.ratios[0] = scale(q, 0) * scale(q, 1) / scale(q, 2);
  e.fixed = rescale.fixed;
  e.reals = {a, b, a * b};
  e.accumulator = (q.codes[0] - zero(q, 0)) * (q.codes[1] - zero(q, 1));
  for (std::size_t i = 0; i < kArithmetics.size(); ++i) {
    e.results[i] = requantize_value(e.accumulator, rescale, zero(q, 2), range, kArithmetics[i]);
  }
  return e;
}

std::string to_text(const ArithmeticExplanation& e) {
  const ArithmeticQuestion& q = e.question;
  switch (q.operation) {
    case BinaryOperation::multiply:
      return "Multiply two quantized tensors\n" + operands_text(q) +
             "\n1  Write every real number as S (q - Z):\n"
             "       S_y (q_y - Z_y) = S_a (q_a - Z_a) * S_b (q_b - Z_b)\n"
             "2  Solve for q_y; the three scales become one multiplier:\n"
             "       q_y = Z_y + M (q_a - Z_a)(q_b - Z_b)\n" +
             multiplier_text(e) + example_text(e);
    case BinaryOperation::add:
      return "Add two quantized tensors\n" + operands_text(q) +
             "\n1  Write every real number as S (q - Z):\n"
             "       S_y (q_y - Z_y) = S_a (q_a - Z_a) + S_b (q_b - Z_b)\n"
             "2  Solve for q_y; each operand is rescaled to the result's grid:\n"
             "       q_y = Z_y + (S_a / S_y)(q_a - Z_a) + (S_b / S_y)(q_b - Z_b)\n" +
             fmt::format("   S_a / S_y = {:.9g}, S_b / S_y = {:.9g}\n", e.ratios[0], e.ratios[1]) +
             (e.ratios[0] == e.ratios[1] && e.ratios[0] == 1
                  ? "   The scales agree: here, and only here, codes may be added directly.\n"
                  : "   The scales differ: adding the codes themselves would add unlike things.\n") +
             example_text(e);
    case BinaryOperation::matmul:
      break;
  }
  return "Multiply two quantized matrices\n" + operands_text(q) +
         "\n1  Write every real number as S (q - Z); the scales leave the sum:\n"
         "       S_y (q_y - Z_y) = S_a S_b sum (q_a - Z_a)(q_b - Z_b)\n"
         "2  Solve for q_y:\n"
         "       q_y = Z_y + M sum (q_a - Z_a)(q_b - Z_b)\n" +
         multiplier_text(e) +
         "3  Multiply out: the zero points cost two vectors of sums, not a second product:\n"
         "       sum q_a q_b - Z_b sum q_a - Z_a sum q_b + K Z_a Z_b\n" +
         matmul_text(e);
}

std::string to_json(const ArithmeticExplanation& e) {
  static constexpr std::array<std::string_view, 3> kOperations = {"multiply", "add", "matmul"};
  const ArithmeticQuestion& q = e.question;
  nlohmann::ordered_json j;
  j["operation"] = kOperations[static_cast<std::size_t>(q.operation)];
  j["dtype"] = name(q.dtype);
  for (std::size_t i = 0; i < 3; ++i) j[std::string(kNames[i])] = {{"scale", scale(q, i)}, {"zero_point", zero(q, i)}};
  if (q.operation == BinaryOperation::add) {
    j["ratios"] = e.ratios;
  } else {
    j["multiplier"] = e.ratios[0];
    j["fixed_point"] = {{"m0", e.fixed.m0}, {"shift", e.fixed.shift}};
  }
  if (q.operation == BinaryOperation::matmul) {
    j["example"] = {{"a", e.matmul.a},
                    {"b", e.matmul.b},
                    {"products", e.matmul.products},
                    {"row_sums", e.matmul.row_sums},
                    {"column_sums", e.matmul.column_sums},
                    {"accumulators", e.matmul.accumulators},
                    {"unrounded", e.matmul.unrounded},
                    {"y", e.matmul.y},
                    {"clipped", e.matmul.clipped}};
    return json_text(j) + "\n";
  }
  j["example"] = {{"codes", q.codes}, {"reals", e.reals}, {"q_y", e.results[0]}};
  if (q.operation == BinaryOperation::multiply) {
    j["example"]["accumulator"] = e.accumulator;
    for (std::size_t i = 0; i < kArithmetics.size(); ++i) {
      j["example"]["by_arithmetic"][std::string(name(kArithmetics[i]))] = e.results[i];
    }
  }
  return json_text(j) + "\n";
}

}  // namespace zeropoint
