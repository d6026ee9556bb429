#include "report/explain_tensor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/fail.h"
#include "base/json_text.h"
#include "observers/observer.h"
#include "quant/scheme.h"
#include "report/canvas.h"
#include "report/explain_float_codes.h"
#include "report/text.h"
#include "tensor/grids.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr int kPlotColumns = 68;
constexpr int kPlotRows = 8;
constexpr int kWidestObservedBits = 16;
constexpr double kRoundingSlack = 1.0001;  // x' itself is rounded to float32

struct Errors {
  double clipping = 0;
  double rounding = 0;
  double signal = 0;
};

/// Whether a value lies beyond the end of its grid: more than half a step away from every integer code, above the
/// largest float code.
bool is_clipped(double value, double error, double scale, double largest_float_code) {
  if (largest_float_code > 0) return std::abs(value) > scale * largest_float_code * kRoundingSlack;
  return std::abs(error) > 0.5 * scale * kRoundingSlack;
}

Errors measure(const Tensor& x, const TensorQParams& qparams) {
  const Tensor back = fake_quantize(x, qparams);
  const float* scales = qparams.scales.data<float>();
  const double largest = static_cast<double>(max_float_code(qparams.scheme.dtype));
  Errors errors;
  for_each_patch(grid_layout(x.shape(), qparams.scheme), 0, x.size(), [&](const Patch& patch) {
    for (std::int64_t i = 0; i < patch.elements(); ++i) {
      const std::int64_t grid = patch.grid + (patch.kind == Patch::Kind::runs ? i / patch.size : i % patch.size);
      const double value = static_cast<double>(x.data<float>()[patch.begin + i]);
      const double error = value - static_cast<double>(back.data<float>()[patch.begin + i]);
      const bool clips = is_clipped(value, error, static_cast<double>(scales[grid]), largest);
      (clips ? errors.clipping : errors.rounding) += error * error;
      errors.signal += value * value;
    }
  });
  return errors;
}

SchemeRow measure_row(std::string label, const Tensor& x, const TensorQParams& qparams, Range range,
                      std::string reason) {
  const Errors errors = measure(x, qparams);
  const auto n = static_cast<double>(x.size());
  SchemeRow row{.label = std::move(label), .scheme = qparams.scheme, .grids = qparams.scales.size(), .range = range};
  row.qparams.scale = qparams.scales.data<float>()[0];
  if (qparams.zero_points) row.qparams.zero_point = codes_of(qparams.zero_points)[0];
  row.clipping_error = errors.clipping / n;
  row.rounding_error = errors.rounding / n;
  const double noise = errors.clipping + errors.rounding;
  row.sqnr_db = noise > 0 ? 10 * std::log10(errors.signal / noise) : std::numeric_limits<double>::infinity();
  const int width = bits(qparams.scheme.dtype);
  const int grid_bits = 32 + (qparams.zero_points && !qparams.scheme.symmetric ? width : 0);  // scale, zero point
  row.bits = width + static_cast<double>(row.grids) * grid_bits / n;
  row.reason = std::move(reason);
  return row;
}

/// "affine", "symmetric", or "float" where the codes are floats, which know no such difference.
std::string_view kind(const Scheme& scheme) {
  return !has_integer_codes(scheme.dtype) ? "float" : scheme.symmetric ? "symmetric" : "affine";
}

std::vector<SchemeRow> compare_schemes(const Tensor& x, const ExplainTensorOptions& options) {
  std::vector<SchemeRow> rows;
  const auto add = [&](std::string label, Scheme scheme) {
    scheme.power_of_two = options.scheme.power_of_two;
    const std::vector<Range> ranges = grid_ranges(x, scheme);
    rows.push_back(measure_row(std::move(label), x, choose_tensor_qparams(x, scheme), ranges.front(), ""));
  };
  const DType dtype = options.scheme.dtype;
  const Scheme affine{.dtype = dtype, .power_of_two = options.scheme.power_of_two};
  const Scheme symmetric{.dtype = dtype, .symmetric = true};
  std::vector<Scheme> kinds = {affine};
  if (has_integer_codes(dtype)) kinds.push_back(symmetric);
  for (const Scheme& scheme : kinds) add(std::string(kind(scheme)), scheme);
  if (has_integer_codes(dtype) && is_signed(dtype)) {
    add("symmetric narrow", {.dtype = dtype, .symmetric = true, .narrow_range = true});
  }
  if (x.rank() > 1) {
    for (Scheme scheme : kinds) {
      scheme.granularity = Granularity::per_axis;
      scheme.axis = options.axis;
      add(fmt::format("{} axis {}", kind(scheme), options.axis), scheme);
    }
  }
  for (int axis = x.rank() - 1; axis >= 0; --axis) {  // the innermost axis that is long enough
    if (x.dim(axis) < options.block_size) continue;
    Scheme scheme = kinds.back();
    scheme.granularity = Granularity::blocked;
    scheme.axis = axis;
    scheme.block_size = options.block_size;
    add(fmt::format("{} block {}", kind(scheme), options.block_size), scheme);
    break;
  }
  if (bits(dtype) > kWidestObservedBits) return rows;  // nothing is worth clipping for steps that fine
  TensorStatistics statistics({.torch_histogram = true});
  statistics.observe(x);
  for (const ObserverSpec& observer : all_observers()) {
    // minmax is the first row, and so are averages over samples: here is only one.
    if (observer.name == "minmax" || observer.name == "avg" || observer.name == "moving_average") continue;
    if (observer.needs_even_codes && !has_integer_codes(dtype)) continue;
    const RangeChoice choice = choose_range(observer, statistics.slices().front(), affine);
    rows.push_back(measure_row(fmt::format("{} {}", kind(affine), observer.name), x,
                               tensor_qparams(affine, choose_qparams(choice.range, affine)), choice.range,
                               choice.reason));
  }
  return rows;
}

Tensor to_f32(const Tensor& x, const std::string& name) {
  if (x.dtype() == DType::f32) return x;
  require_real(x.dtype(), name);
  Tensor y = Tensor::allocate(DType::f32, x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    y.mutable_data<float>()[i] = static_cast<float>(load_real(x.dtype(), x.raw(), i));
  }
  return y;
}

std::vector<std::int64_t> count_bins(const Tensor& x, Range extremes, std::size_t bins) {
  std::vector<std::int64_t> counts(bins);
  const double width = extremes.max - extremes.min;
  for (const float value : x.values<float>()) {
    const double place =
        width > 0 ? (static_cast<double>(value) - extremes.min) / width * static_cast<double>(bins) : 0;
    counts[std::min(bins - 1, static_cast<std::size_t>(place))]++;
  }
  return counts;
}

/// Whether a code's value lies in the column [left, right) of the picture.
bool has_code(const RangeExplanation& e, double left, double right) {
  const double scale = static_cast<double>(e.derivation.qparams.scale);
  if (has_integer_codes(e.scheme.dtype)) return std::floor(right / scale) > std::floor(left / scale);
  const std::vector<double> codes = float_codes(e.scheme.dtype);
  const auto first = std::lower_bound(codes.begin(), codes.end(), left / scale);
  return first != codes.end() && *first * scale < right;
}

std::string ruler_legend(const RangeExplanation& e, double per_column) {
  const double scale = static_cast<double>(e.derivation.qparams.scale);
  if (!has_integer_codes(e.scheme.dtype)) return "┴ one code or more; they lie densest around 0";
  const std::int32_t zero_point = e.derivation.qparams.zero_point;
  if (per_column > scale) {
    return fmt::format("one column holds {:.3g} codes; 0 marks code {}", per_column / scale, zero_point);
  }
  return fmt::format("┴ one code each, S = {:.5g} apart; 0 marks code {}", scale, zero_point);
}

std::string plot_histogram(const TensorExplanation& e) {
  const Derivation& d = e.range.derivation;
  Canvas canvas(kPlotColumns, kPlotRows);
  const std::int64_t highest = *std::max_element(e.histogram.begin(), e.histogram.end());
  for (int x = 0; x < canvas.width(); ++x) {
    // Square root: the tails, which decide the range, stay visible.
    const double height =
        std::sqrt(static_cast<double>(e.histogram[static_cast<std::size_t>(x)]) / static_cast<double>(highest));
    const int dots = static_cast<int>(std::ceil(height * canvas.height()));
    if (dots > 0) canvas.vertical(x, canvas.height() - dots, canvas.height() - 1);
  }
  std::string text = "\nhistogram (square root of the counts) and the grid below it\n";
  for (const std::string& line : canvas.lines()) text += "   " + line + "\n";
  const double per_column = (e.max - e.min) / kPlotColumns;
  std::string ruler;
  for (int column = 0; column < kPlotColumns; ++column) {
    const double left = e.min + column * per_column;
    const double right = left + per_column;
    const bool has_zero = left <= 0 && (right > 0 || column == kPlotColumns - 1);
    const bool is_inside = right >= d.effective.min && left <= d.effective.max;
    ruler += has_zero ? "0" : !is_inside ? "·" : has_code(e.range, left, right) ? "┴" : "─";
  }
  text += "   " + ruler + "\n";
  const std::string left = fmt::format("{:.5g}", e.min);
  const std::string right = fmt::format("{:.5g}", e.max);
  text += fmt::format("   {}{:>{}}\n", left, right, kPlotColumns - static_cast<int>(left.size()));
  return text + "   " + ruler_legend(e.range, per_column) + "\n";
}

std::string decibels(double db) { return std::isinf(db) && db > 0 ? "exact" : fmt::format("{:.2f}", db); }

std::string schemes_table(const TensorExplanation& e) {
  if (e.schemes.empty()) return "";
  std::string text = e.range.scheme.power_of_two
                         ? "\nschemes with scales that are powers of two, measured on the elements\n"
                         : "\nschemes, measured on the elements (mean squared error; bits with the scales)\n";
  text += "   scheme                 grids      scale    clipping   rounding  SQNR dB  bits\n";
  for (const SchemeRow& r : e.schemes) {
    text += fmt::format("   {:<22}{:>6}{:>11.4g}{:>12.3g}{:>11.3g}{:>9}{:>6.2f}\n", r.label, r.grids,
                        static_cast<double>(r.qparams.scale), r.clipping_error, r.rounding_error, decibels(r.sqnr_db),
                        r.bits);
  }
  const auto best = std::ranges::max_element(e.schemes, {}, &SchemeRow::sqnr_db);
  text += fmt::format("   best SQNR: {} ({}{} at {:.2f} bits)\n", best->label, decibels(best->sqnr_db),
                      std::isinf(best->sqnr_db) ? "" : " dB", best->bits);
  if (e.schemes.back().reason.empty()) return text;
  text += "\nwhat the observers say\n";
  for (const SchemeRow& r : e.schemes) {
    if (r.reason.empty()) continue;
    text += wrap_text(fmt::format("{}: {}", r.label.substr(r.label.find(' ') + 1), r.reason), 3, 78);
  }
  return text;
}

}  // namespace

TensorExplanation explain_tensor(const std::string& name, const Tensor& source, const ExplainTensorOptions& options) {
  if (source.size() == 0) fail(ErrorKind::invalid_data, name, "is empty {}", to_string(source.shape()));
  const Tensor x = to_f32(source, name);
  const Range extremes = grid_ranges(x, {.dtype = options.scheme.dtype}, {.name = name}).front();
  TensorExplanation e{.name = name, .shape = x.shape(), .min = extremes.min, .max = extremes.max};
  double sum = 0;
  double squares = 0;
  for (const float value : x.values<float>()) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
    e.zeros += value == 0 ? 1 : 0;
  }
  const auto n = static_cast<double>(x.size());
  e.mean = sum / n;
  e.standard_deviation = std::sqrt(std::max(0.0, squares / n - e.mean * e.mean));
  e.histogram = count_bins(x, extremes, 2 * static_cast<std::size_t>(kPlotColumns));
  e.range = explain_range(extremes, options.scheme, options.values);
  if (options.compare) e.schemes = compare_schemes(x, options);
  return e;
}

std::string to_text(const TensorExplanation& e) {
  std::string text = fmt::format(
      "{} {}: {} elements, {} of them 0\n   min {:.7g}, max {:.7g}, mean {:.5g}, standard deviation {:.5g}\n", e.name,
      to_string(e.shape), element_count(e.shape), e.zeros, e.min, e.max, e.mean, e.standard_deviation);
  text += plot_histogram(e) + schemes_table(e) + "\n" + to_text(e.range);
  return text;
}

std::string to_json(const TensorExplanation& e) {
  nlohmann::ordered_json j;
  j["name"] = e.name;
  j["shape"] = e.shape;
  j["min"] = e.min;
  j["max"] = e.max;
  j["mean"] = e.mean;
  j["standard_deviation"] = e.standard_deviation;
  j["zeros"] = e.zeros;
  j["histogram"] = e.histogram;
  j["grid"] = nlohmann::ordered_json::parse(to_json(e.range));
  j["schemes"] = nlohmann::ordered_json::array();
  for (const SchemeRow& r : e.schemes) {
    nlohmann::ordered_json row;
    row["scheme"] = r.label;
    row["grids"] = r.grids;
    row["range"] = {r.range.min, r.range.max};
    row["scale"] = static_cast<double>(r.qparams.scale);
    row["zero_point"] = r.qparams.zero_point;
    row["clipping_error"] = r.clipping_error;
    row["rounding_error"] = r.rounding_error;
    row["sqnr_db"] = std::isfinite(r.sqnr_db) ? nlohmann::ordered_json(r.sqnr_db) : nlohmann::ordered_json(nullptr);
    row["bits"] = r.bits;
    row["reason"] = r.reason;
    j["schemes"].push_back(std::move(row));
  }
  return json_text(j) + "\n";
}

}  // namespace zeropoint
