// zeropoint compare: where and how far two models differ on data.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/load_model.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/table.h"
#include "executor/program.h"
#include "report/compare.h"

namespace zeropoint::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDefaultRows = 20;

struct Options {
  std::string reference;
  std::string model;
  DataArguments data;
  bool outputs_only = false;
  bool shows_all = false;
};

/// Numbers that JSON has no word for become null: the SQNR of equal values is infinite.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json rows_json(const std::vector<ValueError>& rows) {
  Json list = Json::array();
  for (const ValueError& row : rows) {
    list.push_back({{"name", row.name},
                    {"operator", row.op_type},
                    {"sqnr_db", number(row.error.sqnr_db())},
                    {"cosine", row.error.cosine()},
                    {"max_abs_error", row.error.max_abs_error()},
                    {"mean_abs_error", row.error.mean_abs_error()}});
  }
  return list;
}

std::string rows_text(const std::string& title, const std::vector<ValueError>& rows, std::size_t count) {
  Table table(
      {{title, false, true}, {"operator", false, true}, {"SQNR dB", true}, {"cosine", true}, {"max error", true}});
  for (std::size_t i = 0; i < count; ++i) {
    const ErrorSums& error = rows[i].error;
    const std::string sqnr = std::isinf(error.sqnr_db()) ? "equal" : fmt::format("{:.2f}", error.sqnr_db());
    table.add({rows[i].name, rows[i].op_type, sqnr, fmt::format("{:.6f}", error.cosine()),
               fmt::format("{:.4g}", error.max_abs_error())});
  }
  return table.render();
}

void print(const Options& options, const Comparison& result, const Output& out) {
  out.text(fmt::format("{} against {} on {}: {} samples\n\n", options.model, options.reference, options.data.path,
                       result.samples));
  out.text(rows_text("output", result.outputs, result.outputs.size()));
  if (options.outputs_only) return;
  const std::size_t shown = options.shows_all ? result.layers.size() : std::min(kDefaultRows, result.layers.size());
  if (shown > 0) out.text("\n" + rows_text("layer, worst first", result.layers, shown));
  if (shown < result.layers.size()) out.text(fmt::format("{} more with --all\n", result.layers.size() - shown));
  if (!result.unmatched.empty()) {
    out.text(fmt::format("\n{} values of the first model have no namesake in the second\n", result.unmatched.size()));
  }
}

std::vector<ProgramValue> declared_inputs(const Graph& graph) {
  std::vector<ProgramValue> inputs;
  for (const ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    inputs.push_back({.name = value.name, .dtype = value.dtype, .shape = value.shape.value_or(std::vector<Dim>())});
  }
  return inputs;
}

void compare_models(const Options& options, const Output& out) {
  const Model reference = load_model(options.reference);
  const Model model = load_model(options.model);
  const std::unique_ptr<Dataset> data = open_data(options.data, declared_inputs(reference.graph), out);
  CompareOptions compare_options{.outputs_only = options.outputs_only,
                                 .on_progress = out.progress("comparing", "samples")};
  Comparison result = compare(reference, model, *data, compare_options);
  compare_options.on_progress = nullptr;
  std::stable_sort(result.layers.begin(), result.layers.end(),
                   [](const ValueError& a, const ValueError& b) { return a.error.sqnr_db() < b.error.sqnr_db(); });

  const Json document = {{"reference", options.reference},
                         {"model", options.model},
                         {"data", options.data.path},
                         {"samples", result.samples},
                         {"outputs", rows_json(result.outputs)},
                         {"layers", rows_json(result.layers)},
                         {"unmatched", result.unmatched}};
  out.json(document.dump(2, ' ', false, Json::error_handler_t::replace));
  print(options, result, out);
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("reference", options->reference, "the model that is right, usually the float one")
      ->required()
      ->type_name("REFERENCE");
  app.add_option("model", options->model, "the model to judge")->required()->type_name("MODEL");
  add_data_options(app, options->data);
  app.add_flag("--outputs-only", options->outputs_only,
               "leave the layers out; the models then run as fast as they can");
  app.add_flag("--all", options->shows_all, "print every layer, not only the 20 worst");
  return [options](Output& out) { compare_models(*options, out); };
}

}  // namespace

Command command_compare() {
  return {
      .name = "compare",
      .summary = "how far two models differ, layer by layer, worst first",
      .description =
          "Both models run over the data; values with the same name are compared. SQNR is "
          "10 log10(sum a^2 / sum (a - b)^2) in decibels: 6 more halve the error.",
      .examples =
          "zeropoint compare net.onnx net.int8.onnx --data test.csv \\\n"
          "    --preprocess imagenet --limit 50\n"
          "zeropoint compare net.onnx net.int8.onnx --data x.npz --outputs-only --json",
      .define = define,
  };
}

}  // namespace zeropoint::cli
