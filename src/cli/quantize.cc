// zeropoint quantize: a float ONNX model and calibration data in, a verified int8 model out.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/counted.h"
#include "base/json_text.h"
#include "cli/check_paths.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/dtype_option.h"
#include "cli/observer_names.h"
#include "cli/table.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint::cli {
namespace {

constexpr double kLowSqnr = 10;  // dB; below it the noise is a third of the signal

struct Options {
  const CLI::App& app;  // which options were given
  std::string input;
  std::string output;
  std::string activations = "uint8";
  std::string weights = "int8";
  QuantizeJob job;
};

/// Nodes that stayed float by reason, the reason with most nodes first.
std::vector<std::pair<std::string, std::vector<std::string>>> float_nodes(const QuantPlan& plan) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (const PlanNode& node : plan.nodes) {
    if (!node.is_quantized) by_reason[fmt::format("{}: {}", node.op_type, node.reason)].push_back(node.name);
  }
  std::vector<std::pair<std::string, std::vector<std::string>>> groups(by_reason.begin(), by_reason.end());
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  return groups;
}

std::size_t quantized_nodes(const QuantPlan& plan) {
  return static_cast<std::size_t>(
      std::count_if(plan.nodes.begin(), plan.nodes.end(), [](const PlanNode& n) { return n.is_quantized; }));
}

std::string difference(const OutputError& output) {
  if (output.agreement == 1) return "equal";
  if (output.max_abs_error == 0 && std::isinf(output.sqnr_db))
    return fmt::format("{:.4g} of elements equal", output.agreement);
  if (output.max_abs_error == 0) return "exact";
  return fmt::format("SQNR {:.2f} dB, largest error {:.4g}", output.sqnr_db, output.max_abs_error);
}

/// Who chose the scales: what a plan says of its observer is not of this run.
std::string origin(const Options& options, const QuantPlan& plan) {
  if (options.job.plan.empty()) return "observer " + plan.observer;
  const std::string file = "plan " + options.job.plan.string();
  return plan.observer.empty() ? file : fmt::format("{}, made with observer {}", file, plan.observer);
}

std::string as_text(const Options& options, const QuantizeReport& report) {
  std::string text = fmt::format("{} of {} nodes quantized", quantized_nodes(report.plan), report.plan.nodes.size());
  if (report.calibration_samples > 0)
    text += fmt::format(", ranges from {}", counted(report.calibration_samples, "sample"));
  text += fmt::format("\n{}\n", origin(options, report.plan));
  for (const auto& [reason, names] : float_nodes(report.plan)) {
    text += wrap(fmt::format("  float: {} ({}): {}", names.size(), reason, fmt::join(names, ", ")), 9) + "\n";
  }
  for (const OutputError& output : report.outputs) {
    text +=
        fmt::format("output '{}': {} (on {})\n", output.name, difference(output),
                    options.job.data.path.empty() ? "random input" : counted(report.verification_samples, "sample"));
  }
  const double ratio =
      static_cast<double>(report.input_bytes) / static_cast<double>(std::max<std::uintmax_t>(report.output_bytes, 1));
  return text + fmt::format("{}: {} bytes, {:.2f}x smaller\n", options.output, report.output_bytes, ratio);
}

std::string as_json(const Options& options, const QuantizeReport& report) {
  const bool is_random = options.job.data.path.empty();
  nlohmann::ordered_json document = {{"output", options.output},
                                     {"input_bytes", report.input_bytes},
                                     {"output_bytes", report.output_bytes},
                                     {"calibration_samples", report.calibration_samples},
                                     {"verification_data", is_random ? "random" : options.job.data.path},
                                     {"verification_samples", report.verification_samples},
                                     {"observer", report.plan.observer},
                                     {"quantized_nodes", quantized_nodes(report.plan)},
                                     {"outputs", nlohmann::ordered_json::array()},
                                     {"float_nodes", nlohmann::ordered_json::array()},
                                     {"warnings", report.warnings}};
  for (const OutputError& output : report.outputs) {
    nlohmann::ordered_json row = {{"name", output.name}};
    row["sqnr_db"] =
        std::isfinite(output.sqnr_db) ? nlohmann::ordered_json(output.sqnr_db) : nlohmann::ordered_json(nullptr);
    row["max_abs_error"] = output.max_abs_error;
    row["agreement"] = output.agreement;
    document["outputs"].push_back(row);
  }
  for (const PlanNode& node : report.plan.nodes) {
    if (node.is_quantized) continue;
    document["float_nodes"].push_back({{"name", node.name}, {"op_type", node.op_type}, {"reason", node.reason}});
  }
  return json_text(document);
}

/// Options that were given and cannot change the result, each with the reason.
std::vector<std::string> unused_options(const Options& options) {
  const QuantizeJob& job = options.job;
  std::vector<std::string> unused;
  const auto add = [&](std::initializer_list<const char*> names, const std::string& with) {
    for (const char* name : names) {
      if (options.app.count(name) > 0) unused.push_back(fmt::format("{} has no use with {}", name, with));
    }
  };
  if (!job.plan.empty()) {
    add({"--activations", "--weights", "--symmetric-activations", "--per-tensor", "--no-bias-correction", "--observer",
         "--percentile", "--n-std", "--include", "--exclude", "--keep-first", "--keep-last", "--quantize-outputs"},
        "--plan, which has decided everything");
    add({"--format"}, "--plan, whose field 'format' decides");
    return unused;
  }
  if (job.options.observer != "percentile") add({"--percentile"}, "observer " + job.options.observer);
  if (job.options.observer != "n_std") add({"--n-std"}, "observer " + job.options.observer);
  return unused;
}

void quantize(Options& options, const Output& out) {
  require_onnx_name(options.output);
  QuantizeJob& job = options.job;
  job.options.activations = dtype_option("--activations", options.activations);
  job.options.weights = dtype_option("--weights", options.weights);
  job.progress = out.progress("calibrating", "samples");
  QuantizeReport report = quantize_model(options.input, options.output, job);
  job.progress = nullptr;
  const std::vector<std::string> unused = unused_options(options);
  report.warnings.insert(report.warnings.begin(), unused.begin(), unused.end());
  if (!job.data.path.empty() && !(job.statistics.empty() && job.plan.empty())) {
    out.note(fmt::format("--data served only to compare the models: the ranges are those of {}",
                         job.plan.empty() ? "--statistics" : "--plan"));
  }
  for (const std::string& warning : report.warnings) out.warn("", warning);
  for (const OutputError& output : report.outputs) {
    if (!job.data.path.empty() && output.is_real && output.sqnr_db < kLowSqnr) {
      out.warn(options.output,
               fmt::format("output '{}' keeps only {:.1f} dB; 'zeropoint compare' shows where it is lost", output.name,
                           output.sqnr_db));
    }
  }
  out.text(as_text(options, report));
  out.json(as_json(options, report));
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>(Options{.app = app});
  QuantizeJob& job = options->job;
  PlanOptions& plan = job.options;
  app.add_option("model", options->input, "float ONNX model")->required()->type_name("MODEL");
  app.add_option("-o,--output", options->output, "quantized ONNX model")->required()->type_name("FILE");
  add_data_options(app, job.data, DataNeed::optional);
  app.add_option("--statistics", job.statistics,
                 "ranges from this file of 'zeropoint calibrate' instead of running the model")
      ->type_name("FILE");
  app.add_option("--plan", job.plan, "apply this plan, perhaps edited, instead of choosing scales")->type_name("FILE");
  app.add_option("--save-plan", job.save_plan, "write what was decided for every tensor and node, and why")
      ->type_name("FILE");
  app.add_option("--activations", options->activations, "uint8, int8, uint16 or int16")
      ->type_name("TYPE")
      ->capture_default_str();
  app.add_option("--weights", options->weights, "int8 or uint8, always symmetric")
      ->type_name("TYPE")
      ->capture_default_str();
  app.add_flag("--symmetric-activations", plan.symmetric_activations, "zero point in the middle of the codes");
  app.add_flag("--per-tensor", plan.per_tensor, "one scale per weight instead of one per output channel");
  app.add_flag_callback(
      "--no-bias-correction", [&plan] { plan.correct_biases = false; },
      "leave the biases as they are instead of taking back the mean error of the rounded weights");
  app.add_option("--observer", plan.observer,
                 "rule that turns what was seen into a range; auto, the better of mse and minmax on --data (without: "
                 "mse), or " +
                     observer_names())
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--percentile", plan.percentile, "observer percentile: percent of the values inside the range")
      ->type_name("P")
      ->capture_default_str();
  app.add_option("--n-std", plan.n_std, "observer n_std: standard deviations around the mean")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--include", plan.include, "quantize only nodes whose name or type matches this glob; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--exclude", plan.exclude, "keep nodes whose name or type matches this glob in float; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_flag("--keep-first", plan.keep_first, "keep the products that read the input in float");
  app.add_flag("--keep-last", plan.keep_last, "keep the products that no other product follows in float");
  app.add_flag("--quantize-outputs", plan.quantize_outputs, "round the model's outputs to 8 bits too");
  app.add_option("--format", plan.format, "qdq: Q/DQ around float operators; qoperator: operators on codes")
      ->type_name("NAME")
      ->capture_default_str();
  return [options](Output& out) { quantize(*options, out); };
}

}  // namespace

Command command_quantize() {
  return {
      .name = "quantize",
      .summary = "turn a float ONNX model into a verified int8 model",
      .description =
          "Runs the model over the calibration data, chooses scale and zero point of every tensor that "
          "integer arithmetic reads, and writes the model with codes for weights. The written file is read "
          "back, run, and compared with the float model before it appears under its name.\n\n"
          "Weights are symmetric int8 with one scale per output channel, activations affine uint8, biases "
          "int32. Relu and Clip are folded into the range of what precedes them; nodes that only move "
          "values share the scale of their input; graph outputs stay float. Nodes that stay float are "
          "listed with the reason.\n\n"
          "With --method only the weights are quantized: zeropoint quantize m.onnx --method gptq --help. "
          "A plain array is quantized too: zeropoint quantize x.npy --help; and a language model's checkpoint: "
          "zeropoint quantize DIR --help, as a GGUF file: zeropoint quantize --method gguf: --help.",
      .examples =
          "zeropoint quantize m.onnx --data images.csv --preprocess imagenet -o q.onnx\n"
          "zeropoint quantize m.onnx --data x.npz --exclude 'head/*' -o q.onnx\n"
          "zeropoint quantize m.onnx --data x.npz --save-plan plan.json -o q.onnx\n"
          "zeropoint quantize m.onnx --data x.npz --plan plan.json -o q.onnx",
      .define = define,
      .takes = [](std::string_view input) { return input.ends_with(".onnx"); },
      .without = "--method",
  };
}

}  // namespace zeropoint::cli
