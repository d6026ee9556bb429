#include "report/explain_mistakes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json_text.h"
#include "report/text.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

constexpr Range kRange{-3.0, 3.2};  // the running example of docs/quantization.md
constexpr Scheme kInt8{.dtype = DType::i8};
constexpr double kLow = -128;
constexpr double kHigh = 127;

/// A quantizer as a pair of functions, right or wrong.
struct Formula {
  std::function<double(double x)> quantize;
  std::function<double(double q)> dequantize;
};

double clamp8(double q) { return std::clamp(q, kLow, kHigh); }

/// q = clamp(round(x / S) + Z), x' = S (q - Z), for whatever S and Z somebody arrived at.
Formula affine(double scale, double zero_point) {
  return {[=](double x) { return clamp8(std::rint(x / scale) + zero_point); },
          [=](double q) { return scale * (q - zero_point); }};
}

Formula affine(QParams p) { return affine(static_cast<double>(p.scale), p.zero_point); }

std::vector<MistakeRow> contrast(const Formula& right, const Formula& wrong, const std::vector<double>& values) {
  std::vector<MistakeRow> rows;
  for (const double x : values) {
    const double right_q = right.quantize(x);
    const double wrong_q = wrong.quantize(x);
    rows.push_back({x, right_q, right.dequantize(right_q), wrong_q, wrong.dequantize(wrong_q)});
  }
  return rows;
}

std::string setting(Range range, QParams p) {
  return fmt::format("int8 on [{:g}, {:g}]: S = {:.6g}, Z = {}", range.min, range.max, static_cast<double>(p.scale),
                     p.zero_point);
}

Mistake sign_slip() {
  const QParams p = choose_qparams(kRange, kInt8);
  const double s = 255 / (kRange.max - kRange.min);
  const double z = std::rint(s * kRange.min - 128);
  const Formula wrong{[=](double x) { return clamp8(std::rint(s * x + z)); }, [=](double q) { return (q - z) / s; }};
  return {"The sign of the offset",
          fmt::format("z = +s Xmin - 128 = {:g}", z),
          fmt::format("z = -s Xmin - 128 = {}", p.zero_point),
          setting(kRange, p),
          contrast(affine(p), wrong, {-3, 0, 0.1, 3.2}),
          "With the sign slipped, every x below 3 lands under -128: almost all values clip to one code."};
}

Mistake wrong_step_count() {
  const QParams p = choose_qparams(kRange, kInt8);
  const double scale = (kRange.max - kRange.min) / 257;
  const double zero_point = std::rint(kLow - kRange.min / scale);
  return {"Dividing by 2^b + 1",
          fmt::format("S = (max - min) / (2^8 + 1) = {:.6g}", scale),
          fmt::format("S = (max - min) / (2^8 - 1) = {:.6g}", static_cast<double>(p.scale)),
          setting(kRange, p),
          contrast(affine(p), affine(scale, zero_point), {-3, 0, 3.1, 3.2}),
          "256 codes have 255 steps between them. Steps that are too small do not reach the end of the range: 3.2 "
          "clips by more than S/2."};
}

Mistake unrounded_zero_point() {
  const Derivation d = derive_qparams(kRange, kInt8);
  const double scale = static_cast<double>(d.qparams.scale);
  const double z = d.exact_zero_point;
  const Formula wrong{[=](double x) { return clamp8(std::rint(x / scale + z)); },
                      [=](double q) { return scale * (q - z); }};
  return {"Leaving the zero point unrounded",
          fmt::format("Z = {:.4f}, q = round(x / S + Z)", z),
          fmt::format("Z = {}, q = round(x / S) + Z", d.qparams.zero_point),
          setting(kRange, d.qparams),
          contrast(affine(d.qparams), wrong, {-3, 0, 0.1, 3.2}),
          "Real 0 has no code any more: zero padding and ReLU zeros come back as a small constant, everywhere."};
}

Mistake clamped_zero_point() {
  constexpr Range kOneSided{250, 1000};
  const QParams p = choose_qparams(kOneSided, kInt8);
  const double scale = (kOneSided.max - kOneSided.min) / 255;
  const double unclamped = std::rint(kLow - kOneSided.min / scale);
  const double z = clamp8(unclamped);
  return {"Clamping the zero point instead of widening the range",
          fmt::format("S = 750 / 255, Z = {:g}, clamped to {:g}", unclamped, z),
          fmt::format("widen to [0, 1000]: S = {:.6g}, Z = {}", static_cast<double>(p.scale), p.zero_point),
          setting(kOneSided, p),
          contrast(affine(p), affine(scale, z), {250, 500, 1000}),
          "A clamped Z no longer belongs to this S: the top quarter of the range is gone, 1000 decodes as 750."};
}

Mistake code_of_another_type() {
  const double scale = 0.0039;
  const Formula wrong{[=](double x) { return clamp8(std::rint(x / scale) + 128); },
                      [=](double q) { return scale * (q - 128); }};
  return {"A zero point that the type cannot hold",
          "!quant.uniform<i8:f32, 0.0039:128>",
          "!quant.uniform<i8:f32, 0.0039:-128>   (128 is a code of uint8)",
          "int8, S = 0.0039, for [0, 1]",
          contrast(affine(scale, -128), wrong, {0, 0.25, 0.5, 0.9945}),
          "Z = 128 lies outside [-128, 127]: every x >= 0 clips to 127, and real 0 decodes as -0.0039. Stored in one "
          "byte it even becomes -128."};
}

Mistake convert_before_clamp() {
  const QParams p = choose_qparams(kRange, kInt8);
  const double scale = static_cast<double>(p.scale);
  const Formula wrong{[=](double x) {
                        const auto wide = static_cast<std::int64_t>(std::rint(x / scale)) + p.zero_point;
                        return static_cast<double>(static_cast<std::int8_t>(wide));  // keeps the low 8 bits
                      },
                      affine(p).dequantize};
  return {"Converting to int8 before clamping",
          "q = clamp(int8(round(x / S) + Z), -128, 127)",
          "q = int8(clamp(round(x / S) + Z, -128, 127))",
          setting(kRange, p),
          contrast(affine(p), wrong, {3.2, 3.3, 4, -3.2}),
          "Inside the range nothing shows. The first outlier wraps around: 3.3 becomes a large negative number instead "
          "of the largest one. From a float the conversion is undefined behaviour in C and C++."};
}

}  // namespace

std::vector<Mistake> mistakes() {
  return {sign_slip(),          wrong_step_count(),     unrounded_zero_point(),
          clamped_zero_point(), code_of_another_type(), convert_before_clamp()};
}

std::string to_text(const std::vector<Mistake>& gallery) {
  std::string text = "Formulas that are published and wrong\n";
  int number = 0;
  for (const Mistake& m : gallery) {
    text +=
        fmt::format("\n{}. {}\n   wrong  {}\n   right  {}\n   {}\n", ++number, m.title, m.wrong, m.right, m.setting);
    text +=
        fmt::format("   {:>10} │ {:>8} {:>12} │ {:>8} {:>12} {:>12}\n", "x", "right q", "x'", "wrong q", "x'", "error");
    for (const MistakeRow& r : m.rows) {
      text += fmt::format("   {:>10.5g} │ {:>8.6g} {:>12.5g} │ {:>8.6g} {:>12.5g} {:>12.4g}\n", r.x, r.right_q,
                          r.right_x, r.wrong_q, r.wrong_x, r.wrong_x - r.x);
    }
    text += wrap_text(m.verdict, 3, 78);
  }
  return text;
}

std::string to_json(const std::vector<Mistake>& gallery) {
  nlohmann::ordered_json j = nlohmann::ordered_json::array();
  for (const Mistake& m : gallery) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const MistakeRow& r : m.rows) {
      rows.push_back(
          {{"x", r.x}, {"right_q", r.right_q}, {"right_x", r.right_x}, {"wrong_q", r.wrong_q}, {"wrong_x", r.wrong_x}});
    }
    j.push_back({{"title", m.title},
                 {"wrong", m.wrong},
                 {"right", m.right},
                 {"setting", m.setting},
                 {"rows", std::move(rows)},
                 {"verdict", m.verdict}});
  }
  return json_text(j) + "\n";
}

PaddingExample padding_example() {
  const QParams p = choose_qparams(kRange, kInt8);
  PaddingExample e{.scale = static_cast<double>(p.scale), .zero_point = p.zero_point, .signal = {0.5, 1.5}};
  const auto sum_of_taps = [&](int padding_code) {
    std::int32_t accumulator = padding_code - p.zero_point;
    for (const int q : e.codes) accumulator += q - p.zero_point;
    return e.scale * accumulator;
  };
  for (const double x : e.signal) {
    e.codes.push_back(quantize_value(static_cast<float>(x), p.scale, p.zero_point, code_range(kInt8)));
    e.exact += x;
  }
  e.with_zero_point = sum_of_taps(p.zero_point);
  e.with_code_zero = sum_of_taps(0);
  return e;
}

std::string to_text(const PaddingExample& e) {
  const std::string z = e.zero_point < 0 ? fmt::format("({})", e.zero_point) : std::to_string(e.zero_point);
  const auto sum = [&](const std::string& padding) {
    return fmt::format("S (({0} - {1}) + ({2} - {1}) + ({3} - {1}))", padding, z, e.codes[0], e.codes[1]);
  };
  std::string text = "Why real 0 must be a code: padding\n\n";
  text += wrap_text(
      fmt::format("int8 on [{:g}, {:g}]: S = {:.6g}, Z = {}. A filter with three taps of weight 1 stands at the "
                  "left border of the signal [{:g}, {:g}], codes [{}, {}]; its first tap falls on padding.",
                  kRange.min, kRange.max, e.scale, e.zero_point, e.signal[0], e.signal[1], e.codes[0], e.codes[1]),
      0, 78);
  text += fmt::format("\n  real arithmetic     {:<44} = {:.6g}\n",
                      fmt::format("0 + {:g} + {:g}", e.signal[0], e.signal[1]), e.exact);
  text += fmt::format("  padded with Z       {:<44} = {:.6g}\n", sum(std::to_string(e.zero_point)), e.with_zero_point);
  text += fmt::format("  padded with code 0  {:<44} = {:.6g}\n\n", sum("0"), e.with_code_zero);
  text += wrap_text(
      fmt::format("Code 0 means the real number S (0 - Z) = {0:.6g}, so each padded tap adds {0:.6g} times its "
                  "weight, along the whole border of every layer. Z means exactly 0, and that is only so "
                  "because Z was rounded to a code, and the range widened until it had one.",
                  e.scale * -e.zero_point),
      0, 78);
  return text;
}

std::string to_json(const PaddingExample& e) {
  const nlohmann::ordered_json j = {{"scale", e.scale},
                                    {"zero_point", e.zero_point},
                                    {"signal", e.signal},
                                    {"codes", e.codes},
                                    {"exact", e.exact},
                                    {"padded_with_zero_point", e.with_zero_point},
                                    {"padded_with_code_zero", e.with_code_zero},
                                    {"error_per_tap", e.scale * -e.zero_point}};
  return json_text(j) + "\n";
}

}  // namespace zeropoint
