// zeropoint quantize MODEL.onnx --method: the weights of an ONNX model as codes, activations stay float.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/table.h"
#include "zeropoint/weights.h"

namespace zeropoint::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  WeightsJob job;
};

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

std::string as_text(const Options& o, const WeightsReport& report) {
  std::string text;
  if (o.job.method == "gptq") text += weights_table(report).render();
  text += fmt::format("{} weights quantized by {} to {} bits", report.weights.size(), o.job.method, report.bits);
  if (report.resumed > 0) text += fmt::format(", {} of them by the interrupted run", report.resumed);
  text += "\n";
  for (const auto& [node, reason] : report.float_nodes)
    text += wrap(fmt::format("  float: {}: {}", node, reason), 9) + "\n";
  for (const OutputError& output : report.outputs) {
    text += fmt::format("output '{}': SQNR {:.2f} dB, largest error {:.4g}\n", output.name, output.sqnr_db,
                        output.max_abs_error);
  }
  const double ratio =
      static_cast<double>(report.input_bytes) / static_cast<double>(std::max<std::uintmax_t>(report.output_bytes, 1));
  return text + fmt::format("{}: {} bytes, {:.2f}x smaller\n", o.output, report.output_bytes, ratio);
}

std::string as_json(const Options& o, const WeightsReport& report) {
  nlohmann::ordered_json document = {{"output", o.output},
                                     {"method", o.job.method},
                                     {"bits", report.bits},
                                     {"block_size", o.job.options.block_size},
                                     {"format", o.job.format},
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
    if (o.job.method == "gptq") {
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
  return document.dump(2);
}

void quantize(Options& o, const Output& out) {
  o.job.progress = out.progress("quantizing", "steps");
  const WeightsReport report = quantize_weights(o.input, o.output, o.job);
  o.job.progress = nullptr;
  for (const std::string& warning : report.warnings) out.warn("", warning);
  out.text(as_text(o, report));
  out.json(as_json(o, report));
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  WeightsJob& job = options->job;
  app.add_option("model", options->input, "float ONNX model")->required()->type_name("MODEL");
  app.add_option("-o,--output", options->output, "ONNX model with quantized weights")->required()->type_name("FILE");
  app.add_option("--method", job.method, "gptq, absmax or zero-point")->type_name("NAME")->capture_default_str();
  add_data_options(app, job.data, DataNeed::optional);
  app.add_option("--bits", job.options.bits, "2, 3, 4 or 8; 4 unless given")->type_name("N");
  app.add_option("--block-size", job.options.block_size,
                 "one scale per so many weights along the inputs; 0: one per output channel")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--format", job.format,
                 "onnx-dq: DequantizeLinear before each product; matmulnbits: MatMulNBits of com.microsoft")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_flag("--per-tensor", job.options.per_tensor, "one scale per weight");
  app.add_flag("--full-range", job.options.full_range,
               "absmax: use the lowest code too, scale = 2 absmax / (2^bits - 1); gptq always does");
  app.add_flag("--clip-search", job.options.clip_search,
               "choose every range by squared error instead of by its extremes; gptq always does");
  app.add_flag("--affine", job.options.affine, "gptq: with zero points");
  app.add_flag("--act-order", job.options.act_order,
               "gptq: columns by falling activation; scales stay those of the original order");
  app.add_option("--damping", job.options.damping,
                 "gptq: added to the Hessian's diagonal, times its mean; 0.01 unless given")
      ->type_name("X");
  app.add_option("--include", job.include, "quantize only nodes whose name or type matches this glob; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--exclude", job.exclude, "keep nodes whose name or type matches this glob in float; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_flag("--keep-first", job.keep_first, "keep the products that read the input in float");
  app.add_flag("--keep-last", job.keep_last, "keep the products that no other product follows in float");
  return [options](Output& out) { quantize(*options, out); };
}

}  // namespace

Command command_quantize_weights() {
  return {
      .name = "quantize",
      .summary = "quantize only the weights of an ONNX model (--method)",
      .description =
          "Writes the weights of MatMul, Gemm and Conv nodes as codes; activations stay float. The written file is "
          "read back, run, and compared with the float model before it appears under its name.\n\n"
          "gptq quantizes layer by layer, each on the inputs that the quantized layers before it produce, and "
          "makes up for the error of each column in the columns behind it. Per weight, the squared error of "
          "the layer's outputs is reported beside that of plain rounding, which it never exceeds. An "
          "interrupted run leaves FILE.journal and goes on from there when it is started again.",
      .examples =
          "zeropoint quantize m.onnx --method gptq --bits 4 --block-size 32 --data x.npz -o q.onnx\n"
          "zeropoint quantize m.onnx --method gptq --format matmulnbits --block-size 32 --data x.npz -o q.onnx\n"
          "zeropoint quantize m.onnx --method absmax --bits 8 -o q.onnx",
      .define = define,
      .takes = [](std::string_view input) { return input.ends_with(".onnx"); },
      .with = "--method",
  };
}

}  // namespace zeropoint::cli
