#include "report/staircase.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "quant/scheme.h"
#include "report/canvas.h"
#include "report/explain_float_codes.h"

namespace zeropoint {
namespace {

constexpr int kStepsShownWhole = 32;
constexpr int kStepsInWindow = 16;

/// A code owns S/2 on either side of its value; the outermost codes own everything beyond.
std::vector<StairStep> integer_steps(const Derivation& d, Range window) {
  const double scale = static_cast<double>(d.qparams.scale);
  const double zero_point = d.qparams.zero_point;
  const auto code_at = [&](double x) {
    return std::clamp(std::rint(x / scale) + zero_point, static_cast<double>(d.codes.min),
                      static_cast<double>(d.codes.max));
  };
  std::vector<StairStep> steps;
  for (double q = code_at(window.min); q <= code_at(window.max); ++q) {
    const double value = scale * (q - zero_point);
    const double left = q == d.codes.min ? window.min : std::max(window.min, value - scale / 2);
    const double right = q == d.codes.max ? window.max : std::min(window.max, value + scale / 2);
    if (left < right) steps.push_back({left, right, value, q});
  }
  return steps;
}

/// A code owns everything that is nearer to it than to its neighbours.
std::vector<StairStep> float_steps(DType dtype, double scale, Range window) {
  const std::vector<double> codes = float_codes(dtype);
  std::vector<StairStep> steps;
  double left = window.min;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const bool is_last = i + 1 == codes.size();
    const double right = is_last ? window.max : (codes[i] + codes[i + 1]) / 2 * scale;
    steps.push_back({left, right, codes[i] * scale, codes[i]});
    left = right;
  }
  return steps;
}

Range integer_window(const Derivation& d) {
  const double scale = static_cast<double>(d.qparams.scale);
  const Range whole{d.effective.min - 2 * scale, d.effective.max + 2 * scale};
  if (static_cast<double>(d.codes.max) - d.codes.min <= kStepsShownWhole) return whole;
  const double width = kStepsInWindow * scale;
  const double low = std::min(std::max(whole.min, -width / 2), whole.max - width);
  return {low, low + width};
}

}  // namespace

Staircase make_staircase(const Scheme& scheme, const Derivation& d) {
  if (has_integer_codes(scheme.dtype)) {
    const Range window = integer_window(d);
    return {.window = window, .steps = integer_steps(d, window), .zero_point = d.qparams.zero_point};
  }
  const double margin = (d.effective.max - d.effective.min) / 32;
  const Range window{d.effective.min - margin, d.effective.max + margin};
  return {.window = window, .steps = float_steps(scheme.dtype, static_cast<double>(d.qparams.scale), window)};
}

std::vector<std::string> plot_terminal(const Staircase& s, int columns) {
  constexpr int kRows = 14;
  constexpr int kLabel = 10;  // characters, of the vertical axis
  constexpr int kMargin = kLabel + 2;
  Canvas canvas(columns - kMargin, kRows);
  const double low = s.steps.front().value;
  const double high = s.steps.back().value;
  const auto to_x = [&](double x) {
    return static_cast<int>(std::lround((x - s.window.min) / (s.window.max - s.window.min) * (canvas.width() - 1)));
  };
  const auto to_y = [&](double y) {
    return canvas.height() - 2 - static_cast<int>(std::lround((y - low) / (high - low) * (canvas.height() - 4)));
  };
  int previous_y = -1;
  for (const StairStep& step : s.steps) {
    const int y = to_y(step.value);
    canvas.horizontal(to_x(step.left), to_x(step.right), y);
    if (previous_y >= 0) canvas.vertical(to_x(step.left), previous_y, y);
    previous_y = y;
  }
  for (int x = 0; x < canvas.width(); x += 4) canvas.dot(x, to_y(0));  // the axes, dotted: real 0 is on both
  for (int y = 0; y < canvas.height(); y += 4) canvas.dot(to_x(0), y);

  const std::string code = fmt::format("0 (q={})", s.zero_point);
  const std::string zero_label = std::ssize(code) <= kLabel ? code : "0";
  std::vector<std::string> lines = canvas.lines();
  for (int row = 0; row < kRows; ++row) {
    std::string label;
    if (row == to_y(high) / 4) label = fmt::format("{:.4g}", high);
    if (row == to_y(low) / 4) label = fmt::format("{:.4g}", low);
    if (row == to_y(0) / 4) label = zero_label;
    auto& line = lines[static_cast<std::size_t>(row)];
    line = fmt::format("{:>{}} {}{}", label, kLabel, row == to_y(0) / 4 ? "┤" : "│", line);
  }
  const std::string left = fmt::format("{:.4g}", s.window.min);
  const std::string right = fmt::format("{:.4g}", s.window.max);
  const int gap = std::max(1, columns - kMargin - static_cast<int>(left.size() + right.size()));
  std::string axis;
  for (int i = 0; i < columns - kMargin; ++i) axis += "─";
  lines.push_back(fmt::format("{:>{}} └{}", "x'", kLabel, axis));
  lines.push_back(fmt::format("{:>12}{}{:>{}}{}", "", left, "", gap, right));
  return lines;
}

std::string plot_svg(const Staircase& s, const std::string& title) {
  constexpr double kWidth = 720;
  constexpr double kHeight = 420;
  constexpr double kMargin = 60;
  const double low = s.steps.front().value;
  const double high = s.steps.back().value;
  const auto to_x = [&](double x) {
    return kMargin + (x - s.window.min) / (s.window.max - s.window.min) * (kWidth - 2 * kMargin);
  };
  const auto to_y = [&](double y) { return kHeight - kMargin - (y - low) / (high - low) * (kHeight - 2 * kMargin); };

  std::string path;
  std::string labels;
  const std::vector<StairStep>& all = s.steps;
  const std::size_t every = all.size() / 12 + 1;  // at most a dozen code labels
  for (std::size_t i = 0; i < all.size(); ++i) {
    const StairStep& step = all[i];
    path += fmt::format("{}{:.2f},{:.2f} H{:.2f} ", i == 0 ? "M" : "L", to_x(step.left), to_y(step.value),
                        to_x(step.right));
    if (i % every == 0) {
      labels += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>\n",
                            (to_x(step.left) + to_x(step.right)) / 2, to_y(step.value) - 6, step.code);
    }
  }
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n"
      "<text x=\"{2}\" y=\"28\" font-size=\"16\">{3}</text>\n",
      kWidth, kHeight, kMargin, title);
  svg += fmt::format("<path d=\"M{:.2f},{:.2f} L{:.2f},{:.2f}\" stroke=\"#bbb\" stroke-dasharray=\"4\"/>\n",
                     to_x(std::max(s.window.min, low)), to_y(std::max(s.window.min, low)),
                     to_x(std::min(s.window.max, high)), to_y(std::min(s.window.max, high)));
  svg +=
      fmt::format("<path d=\"M{0:.2f},{2:.2f} H{1:.2f} M{3:.2f},{4:.2f} V{5:.2f}\" stroke=\"#888\" fill=\"none\"/>\n",
                  kMargin, kWidth - kMargin, to_y(0), to_x(0), kMargin, kHeight - kMargin);
  svg += fmt::format("<path d=\"{}\" stroke=\"#06c\" stroke-width=\"2\" fill=\"none\"/>\n", path);
  svg += "<g fill=\"#06c\">\n" + labels + "</g>\n";
  svg += fmt::format(
      "<text x=\"{0}\" y=\"{1}\">{2:.4g}</text>\n<text x=\"{3}\" y=\"{1}\" text-anchor=\"end\">{4:.4g}</text>\n"
      "<text x=\"{5}\" y=\"{1}\" text-anchor=\"middle\">x; the numbers on the steps are the codes q</text>\n"
      "<text x=\"12\" y=\"{6:.1f}\">{7:.4g}</text>\n<text x=\"12\" y=\"{8:.1f}\">{9:.4g}</text>\n</svg>\n",
      kMargin, kHeight - 24, s.window.min, kWidth - kMargin, s.window.max, kWidth / 2, to_y(low), low, to_y(high),
      high);
  return svg;
}

}  // namespace zeropoint
