#include "cli/weights_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/json_text.h"
#include "cli/table.h"

namespace zeropoint::cli {
namespace {

std::string gain(const LayerReport& w) {
  return w.rounding_loss > 0 ? fmt::format("{:.3f}", w.loss / w.rounding_loss) : "1";
}

Table weights_table(const WeightsReport& report) {
  Table table({{.header = "weight", .may_shrink = true},
               {.header = "out x in", .right = true},
               {.header = "loss", .right = true},
               {.header = "rounding", .right = true},
               {.header = "ratio", .right = true},
               {.header = "damping", .right = true},
               {.header = "rounded", .right = true},
               {.header = "rows", .right = true}});
  for (const LayerReport& w : report.weights) {
    table.add({w.weight, fmt::format("{}x{}", w.rows, w.columns), fmt::format("{:.4g}", w.loss),
               fmt::format("{:.4g}", w.rounding_loss), gain(w), fmt::format("{:g}", w.damping),
               fmt::format("{}", w.rounded_rows), fmt::format("{}", w.input_rows)});
  }
  return table;
}

}  // namespace

std::string weights_report_text(const WeightsReport& report, const WeightsJob& job, const std::string& path) {
  std::string text;
  if (job.method == "gptq") text += weights_table(report).render();
  text +=
      fmt::format("{} quantized by {} to {} bits", counted(report.weights.size(), "weight"), job.method, report.bits);
  if (report.resumed > 0) text += fmt::format(", {} of them by the interrupted run", report.resumed);
  text += "\n";
  for (const auto& [node, reason] : report.float_nodes)
    text += wrap(fmt::format("  float: {}: {}", node, reason), 9) + "\n";
  for (const OutputError& output : report.outputs) {
    const std::string difference = output.max_abs_error == 0 ? "exact"
                                                             : fmt::format("SQNR {:.2f} dB, largest error {:.4g}",
                                                                           output.sqnr_db, output.max_abs_error);
    text += fmt::format("output '{}': {}\n", output.name, difference);
  }
  const double ratio =
      static_cast<double>(report.input_bytes) / static_cast<double>(std::max<std::uintmax_t>(report.output_bytes, 1));
  return text + fmt::format("{}: {} bytes, {:.2f}x smaller\n", path, report.output_bytes, ratio);
}

std::string weights_report_json(const WeightsReport& report, const WeightsJob& job, const std::string& path) {
  nlohmann::ordered_json document = {{"output", path},
                                     {"method", job.method},
                                     {"bits", report.bits},
                                     {"block_size", job.options.block_size},
                                     {"format", job.format},
                                     {"input_bytes", report.input_bytes},
                                     {"output_bytes", report.output_bytes},
                                     {"calibration_samples", report.calibration_samples},
                                     {"resumed", report.resumed},
                                     {"weights", nlohmann::ordered_json::array()},
                                     {"float_nodes", nlohmann::ordered_json::array()},
                                     {"outputs", nlohmann::ordered_json::array()},
                                     {"warnings", report.warnings}};
  for (const LayerReport& w : report.weights) {
    nlohmann::ordered_json row = {{"name", w.weight}, {"node", w.node}, {"rows", w.rows}, {"columns", w.columns}};
    if (job.method == "gptq") {
      row["loss"] = w.loss;
      row["rounding_loss"] = w.rounding_loss;
      row["damping"] = w.damping;
      row["rounded_rows"] = w.rounded_rows;
      row["dead_columns"] = w.dead_columns;
      row["input_rows"] = w.input_rows;
    }
    document["weights"].push_back(row);
  }
  for (const auto& [node, reason] : report.float_nodes) {
    document["float_nodes"].push_back({{"name", node}, {"reason", reason}});
  }
  for (const OutputError& output : report.outputs) {
    nlohmann::ordered_json row = {{"name", output.name}};
    row["sqnr_db"] =
        std::isfinite(output.sqnr_db) ? nlohmann::ordered_json(output.sqnr_db) : nlohmann::ordered_json(nullptr);
    row["max_abs_error"] = output.max_abs_error;
    document["outputs"].push_back(row);
  }
  return json_text(document);
}

}  // namespace zeropoint::cli
