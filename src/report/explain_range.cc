#include "report/explain_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "quant/scheme.h"
#include "report/explain_float_codes.h"
#include "report/staircase.h"
#include "report/text.h"

namespace zeropoint {
namespace {

constexpr std::size_t kColumns = 80;

struct ConventionText {
  Convention convention;
  std::string_view note;
};

constexpr std::array<ConventionText, 6> kConventions = {{
    {Convention::onnx, "float32; Z from the rounded S, half to even"},
    {Convention::torch, "S at least 2^-23; symmetric: every code"},
    {Convention::ort, "Z before S is rounded; symmetric: narrow"},
    {Convention::distiller, "inverse S; its zero point is subtracted"},
    {Convention::blog, "inverse scale s, q = round(s x + z)"},
    {Convention::tflite, "double; Z from the end that rounds less"},
}};

/// "-3" reads better in a sum as "(-3)".
std::string term(double x) { return x < 0 ? fmt::format("({:.7g})", x) : fmt::format("{:.7g}", x); }

std::string signed_text(std::int32_t z) { return z < 0 ? fmt::format("({})", z) : fmt::format("{}", z); }

std::string range_text(Range r) { return fmt::format("[{:.7g}, {:.7g}]", r.min, r.max); }

/// `rest` on the same line when it fits, otherwise on the next.
std::string continued(const std::string& line, const std::string& rest, std::size_t indent) {
  return line + (line.size() + 1 + rest.size() <= kColumns ? " " : "\n" + std::string(indent, ' ')) + rest + "\n";
}

/// Whether S is not that of equation (1): raised to a normal float32, or to a power of two.
bool has_other_scale(const RangeExplanation& e) { return e.derivation.is_scale_raised || e.scheme.power_of_two; }

/// Only where float32 ends before the power of two above S.
bool is_scale_lowered(const Derivation& d) { return d.qparams.scale < static_cast<float>(d.exact_scale); }

/// Equation (6); a lowered scale leaves a part of the range to clipping.
double error_bound(const Derivation& d) {
  const double half_step = static_cast<double>(d.qparams.scale) / 2;
  if (!is_scale_lowered(d)) return half_step;
  return std::max({half_step, d.widened.max - d.effective.max, d.effective.min - d.widened.min});
}

ExplainedValue explain_value(float x, const Derivation& d) {
  ExplainedValue v{.x = x};
  const float steps = x / d.qparams.scale;
  v.steps = static_cast<double>(steps);
  v.rounded = std::rint(v.steps);
  v.q = quantize_value(x, d.qparams.scale, d.qparams.zero_point, d.codes);
  v.x_back = dequantize_value(v.q, d.qparams);
  const double wanted = v.rounded + d.qparams.zero_point;
  v.is_clipped = wanted < d.codes.min || wanted > d.codes.max;
  return v;
}

/// From the S of equation (1) to the S that is used: float32, at least normal, a power of two when asked for.
std::string scale_steps(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  const double scale = static_cast<double>(d.qparams.scale);
  std::string text;
  if (d.is_scale_raised) {
    text += fmt::format("       raised to S = {:.9g}, the smallest normal float32\n", scale);
  } else {
    const std::string exact = fmt::format("{:.9g}", d.exact_scale);
    const std::string nearest = fmt::format("{:.9g}", static_cast<double>(static_cast<float>(d.exact_scale)));
    if (exact != nearest) text += fmt::format("       in float32 S = {}\n", nearest);
  }
  if (!e.scheme.power_of_two) return text;
  const int exponent = std::ilogb(scale);
  if (d.is_scale_raised || d.qparams.scale == static_cast<float>(d.exact_scale)) {
    return text + fmt::format("   S has to be a power of two, and is one: 2^{}.\n", exponent);
  }
  return text + fmt::format(
                    "   S has to be a power of two: the {} one,\n"
                    "       S = 2^{} = {:.9g}      (1/S = {:.9g})\n",
                    is_scale_lowered(d) ? "largest float32" : "next higher", exponent, scale, 1 / scale);
}

std::string affine_steps(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  const Range r = d.widened;
  const double scale = static_cast<double>(d.qparams.scale);
  std::string text;
  text += fmt::format(
      "2  Ask for a straight line x = S (q - Z) that carries the range onto the codes:\n"
      "       {:>12} = S ({} - Z)\n       {:>12} = S ({} - Z)\n",
      fmt::format("{:.7g}", r.min), d.codes.min, fmt::format("{:.7g}", r.max), d.codes.max);
  const std::int64_t steps = static_cast<std::int64_t>(d.codes.max) - d.codes.min;
  text += fmt::format(
      "3  Subtract the first line from the second; Z drops out:\n"
      "       {:.7g} - {} = S ({} - {})\n       S = {:.7g} / {} = {:.9g}      (1/S = {:.6g})\n",
      r.max, term(r.min), d.codes.max, term(d.codes.min), r.max - r.min, steps, d.exact_scale, 1 / d.exact_scale);
  text += scale_steps(e);
  text += fmt::format(
      "4  Put S back into the first line:\n"
      "       Z = {} - {} / {:.7g} = {:.7g}\n"
      "   Z has to be a code, so that real 0 is exact: round half to even,\n"
      "       Z = {}\n",
      d.codes.min, term(r.min), scale, d.exact_zero_point, d.qparams.zero_point);
  const double nudge = (d.exact_zero_point - d.qparams.zero_point) * scale;
  text += fmt::format("5  Rounding Z shifts what codes can represent by {:.3g} (at most S/2):\n", nudge);
  const std::string ends =
      fmt::format("       [S({0} - {2}), S({1} - {2})] =", d.codes.min, d.codes.max, signed_text(d.qparams.zero_point));
  return text + continued(ends, range_text(d.effective), 7);
}

/// The S of equation (9) has no code for +amax; a larger one may have.
std::string full_range_text(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  const double half = (static_cast<double>(d.codes.max) - d.codes.min) / 2;
  const double steps = has_other_scale(e) ? d.widened.max / static_cast<double>(d.qparams.scale) : half;
  const double landing = steps + d.qparams.zero_point;
  if (std::rint(steps) + d.qparams.zero_point <= d.codes.max) {
    return fmt::format("   Full range: +amax lands on {:.7g} and does not clip.\n", landing);
  }
  const double excess = landing - d.codes.max;
  return fmt::format("   Full range: +amax would land on {:.7g} and clips to {}, an error of {}.\n", landing,
                     d.codes.max, excess == 0.5 ? "S/2" : fmt::format("{:.3g} S", excess));
}

std::string narrow_range_text(const RangeExplanation& e) {
  return fmt::format(
      "   Narrow range: the code {} is not used, so {}.\n", e.derivation.codes.min - 1,
      has_other_scale(e) ? "-x always has the mirror image of x's code" : "+amax and -amax both have a code");
}

std::string symmetric_steps(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  std::string text = continued(
      fmt::format("2  Symmetric: Z is fixed to {}, the range becomes {},", d.qparams.zero_point, range_text(d.widened)),
      fmt::format("amax = {:.7g}.", d.widened.max), 3);
  text += fmt::format(
      "   One step is the width over the number of steps:\n"
      "       S = 2 amax / ({} - {}) = {:.7g} / {} = {:.9g}\n",
      d.codes.max, term(d.codes.min), 2 * d.widened.max, std::int64_t{d.codes.max} - d.codes.min, d.exact_scale);
  text += scale_steps(e);
  text += e.scheme.narrow_range ? narrow_range_text(e) : full_range_text(e);
  text += fmt::format("3  What the codes can represent:\n       {}\n", range_text(d.effective));
  return text;
}

std::string integer_codes_text(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  const double scale = static_cast<double>(d.qparams.scale);
  const bool is_widened = d.range.min > 0 || d.range.max < 0;
  std::string text = "1  The range contains 0 already, which must be a code (padding, ReLU).\n";
  if (is_widened) {
    text = continued("1  Real 0 must be a code (padding, ReLU), so the range is widened to",
                     range_text({std::min(d.range.min, 0.0), std::max(d.range.max, 0.0)}) + ".", 3);
  }
  text += e.scheme.symmetric ? symmetric_steps(e) : affine_steps(e);
  const double bits = std::log2(static_cast<double>(d.codes.max) - d.codes.min + 1);
  return text + fmt::format(
                    "   Error: at most {}{:.6g} in the range; outside, the distance to it.\n"
                    "   Uniform rounding noise has the power S^2/12 = {:.4g}: a signal that fills\n"
                    "   the range evenly keeps {:.1f} dB (6.02 dB a bit, {:.3g} bits).\n",
                    is_scale_lowered(d) ? "" : "S/2 = ", error_bound(d), scale * scale / 12,
                    20 * std::log10((d.widened.max - d.widened.min) / scale), bits);
}

std::string values_table(const RangeExplanation& e) {
  if (e.values.empty()) return "";
  std::string text = has_integer_codes(e.scheme.dtype)
                         ? "\nvalues   q = clamp(round(x / S) + Z),  x' = S (q - Z)\n"
                         : "\nvalues   rounded = the nearest code's number, q its bits,  x' = S rounded\n";
  text += "             x         x/S     rounded       q          x'       error\n";
  for (const ExplainedValue& v : e.values) {
    text += fmt::format("  {:>12.6g} {:>11.6g} {:>11.6g} {:>7} {:>11.6g} {:>11.4g}{}\n", static_cast<double>(v.x),
                        v.steps, v.rounded, v.q, static_cast<double>(v.x_back),
                        static_cast<double>(v.x_back) - static_cast<double>(v.x), v.is_clipped ? "  clip" : "");
  }
  return text;
}

std::string conventions_table(const RangeExplanation& e) {
  if (e.conventions.empty()) return "";
  std::string text = "\nthe same range by other published conventions";
  text += e.scheme.power_of_two ? ": S raised, then Z from it\n" : "\n";
  constexpr std::size_t kUsualWidth = 12;
  std::size_t width = kUsualWidth;
  const auto scale_text = [](const ConventionRow& row) {
    return fmt::format("{:.8g}", static_cast<double>(row.derivation.qparams.scale));
  };
  for (const ConventionRow& row : e.conventions) width = std::max(width, scale_text(row).size());
  for (const ConventionRow& row : e.conventions) {
    const std::string numbers = fmt::format("  {:<10} S {:<{}} Z {:<6} ", name(row.convention), scale_text(row), width,
                                            row.derivation.qparams.zero_point);
    const bool fits = numbers.size() + row.note.size() <= kColumns;
    text += numbers + (fits ? "" : "\n             ") + row.note + "\n";
  }
  return text;
}

nlohmann::json range_json(Range r) { return nlohmann::json::array({r.min, r.max}); }

}  // namespace

RangeExplanation explain_range(Range range, const Scheme& scheme, std::span<const float> values) {
  RangeExplanation e{.scheme = scheme, .derivation = derive_qparams(range, scheme)};
  if (!has_integer_codes(scheme.dtype)) {
    for (const float x : values) e.values.push_back(explain_float_value(x, scheme.dtype, e.derivation));
    return e;  // conventions differ about rounding Z, and here is none
  }
  for (const float x : values) e.values.push_back(explain_value(x, e.derivation));
  for (const ConventionText& c : kConventions) {
    e.conventions.push_back({c.convention, derive_qparams(range, scheme, c.convention), std::string(c.note)});
  }
  return e;
}

std::string to_text(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  const bool has_integers = has_integer_codes(e.scheme.dtype);
  const std::string codes =
      has_integers
          ? fmt::format(" {}: codes q in [{}, {}]", e.scheme.symmetric ? "symmetric (absmax)" : "affine (zero-point)",
                        d.codes.min, d.codes.max)
          : ": codes that are floats";
  std::string text =
      wrap_text(fmt::format("{}{}, real range {}", name(e.scheme.dtype), codes, range_text(d.range)), 0, kColumns);
  text += "\n";
  if (d.is_zero_range) {
    text += fmt::format("The tensor is constant 0: any scale is right, S = 1 and Z = {} by definition.\n",
                        d.qparams.zero_point);
    return text + values_table(e);
  }
  text += has_integers ? integer_codes_text(e) : float_codes_text(e);
  if (d.is_scale_raised)
    text += "   The scale was raised to the smallest normal float32: no division below it is\n   exact.\n";
  text += values_table(e);
  text += conventions_table(e);
  text += "\n";
  for (const std::string& line : plot_terminal(make_staircase(e.scheme, d), static_cast<int>(kColumns)))
    text += line + "\n";
  return text;
}

std::string to_json(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  nlohmann::ordered_json j;
  j["dtype"] = name(e.scheme.dtype);
  j["symmetric"] = e.scheme.symmetric;
  j["narrow_range"] = e.scheme.narrow_range;
  j["power_of_two"] = e.scheme.power_of_two;
  if (has_integer_codes(e.scheme.dtype)) {
    j["qmin"] = d.codes.min;
    j["qmax"] = d.codes.max;
  } else {
    j["qmin"] = -max_float_code(e.scheme.dtype);
    j["qmax"] = max_float_code(e.scheme.dtype);
  }
  j["range"] = range_json(d.range);
  j["widened"] = range_json(d.widened);
  j["exact_scale"] = d.exact_scale;
  j["scale"] = static_cast<double>(d.qparams.scale);
  j["inverse_scale"] = d.multiplier;
  j["exact_zero_point"] = d.exact_zero_point;
  j["zero_point"] = d.qparams.zero_point;
  j["effective_range"] = range_json(d.effective);
  if (has_integer_codes(e.scheme.dtype)) j["error_bound"] = error_bound(d);
  j["values"] = nlohmann::json::array();
  for (const ExplainedValue& v : e.values) {
    j["values"].push_back({{"x", v.x},
                           {"steps", v.steps},
                           {"rounded", v.rounded},
                           {"q", v.q},
                           {"x_back", v.x_back},
                           {"error", static_cast<double>(v.x_back) - static_cast<double>(v.x)},
                           {"clipped", v.is_clipped}});
  }
  j["conventions"] = nlohmann::ordered_json::object();
  for (const ConventionRow& row : e.conventions) {
    j["conventions"][std::string(name(row.convention))] = {{"scale", static_cast<double>(row.derivation.qparams.scale)},
                                                           {"zero_point", row.derivation.qparams.zero_point},
                                                           {"native_zero_point", row.derivation.native_zero_point},
                                                           {"multiplier", row.derivation.multiplier},
                                                           {"note", row.note}};
  }
  return json_text(j) + "\n";
}

std::string to_svg(const RangeExplanation& e) {
  const Derivation& d = e.derivation;
  std::string title = fmt::format("{} on {}: S = ", name(e.scheme.dtype), range_text(d.range));
  const double scale = static_cast<double>(d.qparams.scale);
  const bool is_power = e.scheme.power_of_two && !d.is_zero_range;
  title += is_power ? fmt::format("2^{} = {:.6g}", std::ilogb(scale), scale) : fmt::format("{:.6g}", scale);
  if (has_integer_codes(e.scheme.dtype)) title += fmt::format(", Z = {}", d.qparams.zero_point);
  return plot_svg(make_staircase(e.scheme, d), title);
}

}  // namespace zeropoint
