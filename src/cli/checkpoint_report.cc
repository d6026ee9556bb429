#include "cli/checkpoint_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "cli/table.h"
#include "pipeline/preflight.h"

namespace zeropoint::cli {
namespace {

std::string decibels(double db) { return std::isfinite(db) ? fmt::format("{:.2f}", db) : std::string("exact"); }

nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string preflight_text(const Preflight& p) {
  std::string text = fmt::format("{} matri{}: {} in, {} out; memory {}", p.weights, p.weights == 1 ? "x" : "ces",
                                 bytes_text(p.input_bytes), bytes_text(p.output_bytes), bytes_text(p.peak_memory));
  if (p.available_memory != 0) text += fmt::format(" of {}", bytes_text(p.available_memory));
  text += fmt::format(", disk {} of {}", bytes_text(disk_bytes(p)), bytes_text(p.free_disk));
  if (p.seconds > 0) text += fmt::format(", about {:.0f} s", std::ceil(p.seconds));
  return text;
}

std::string report_text(const CheckpointReport& report, const std::string& output) {
  const auto same = [&](const WeightReport& w) { return w.encoding == report.weights.front().encoding; };
  const bool is_uniform = std::ranges::all_of(report.weights, same);  // then the last line says it once
  std::vector<Column> columns = {{"weight", false, true}, {"shape", true}, {"SQNR dB", true}, {"bits", true}};
  const bool is_solved = std::ranges::any_of(report.weights, [](const WeightReport& w) { return w.input_rows > 0; });
  if (is_solved) columns.insert(columns.end(), {{"loss", true}, {"rounding", true}, {"damping", true}});
  if (!is_uniform) columns.push_back({"stored as", false, true});
  Table table(columns);
  for (const WeightReport& w : report.weights) {
    std::string name = w.name;
    if (name.ends_with(".weight")) name.resize(name.size() - std::string_view(".weight").size());
    std::vector<std::string> cells = {name, fmt::format("{}x{}", w.rows, w.columns), decibels(w.sqnr_db),
                                      fmt::format("{:.2f}", w.bits_per_weight)};
    if (is_solved) {
      for (const double number : {w.loss, w.rounding_loss, w.damping}) cells.push_back(fmt::format("{:.4g}", number));
    }
    if (!is_uniform) cells.push_back(w.encoding);
    table.add(cells);
  }
  std::string text = table.empty() ? "" : table.render() + "\n";
  text += fmt::format("{}: {}", output, report.method);
  if (report.format != report.method) text += fmt::format(", {}", report.format);
  if (is_uniform && !report.weights.empty()) text += fmt::format(", {}", report.weights.front().encoding);
  const std::size_t quantized = report.preflight.weights;
  if (quantized < report.weights.size()) text += fmt::format("; {} of {} matrices", quantized, report.weights.size());
  text +=
      fmt::format("; {:.2f} bits per quantized weight, {}\n", report.bits_per_weight, bytes_text(report.output_bytes));
  if (report.resumed > 0) text += fmt::format("{} of the weights are from the interrupted run\n", report.resumed);
  return text;
}

std::string report_json(const CheckpointReport& report, const std::string& output) {
  const Preflight& p = report.preflight;
  nlohmann::ordered_json document = {{"output", output},
                                     {"method", report.method},
                                     {"format", report.format},
                                     {"bits_per_weight", report.bits_per_weight},
                                     {"input_bytes", p.input_bytes},
                                     {"output_bytes", report.output_bytes},
                                     {"journal_bytes", p.journal_bytes},
                                     {"peak_memory_bytes", p.peak_memory},
                                     {"estimated_seconds", p.seconds},
                                     {"resumed", report.resumed},
                                     {"weights", nlohmann::ordered_json::array()},
                                     {"warnings", report.warnings}};
  for (const WeightReport& w : report.weights) {
    document["weights"].push_back({{"name", w.name},
                                   {"encoding", w.encoding},
                                   {"shape", {w.rows, w.columns}},
                                   {"sqnr_db", number(w.sqnr_db)},
                                   {"bits_per_weight", w.bits_per_weight},
                                   {"note", w.note}});
    if (w.input_rows > 0) {
      document["weights"].back().update(
          {{"loss", w.loss}, {"rounding_loss", w.rounding_loss}, {"damping", w.damping}, {"input_rows", w.input_rows}});
    }
  }
  return json_text(document);
}

}  // namespace zeropoint::cli
