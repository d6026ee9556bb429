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
#include "base/counted.h"
#include "base/fail.h"
#include "base/json_text.h"
#include "checkpoint/checkpoint.h"
#include "cli/arithmetic_option.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/table.h"
#include "executor/program.h"
#include "report/compare.h"
#include "report/compare_weights.h"

namespace zeropoint::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kDefaultRows = 20;
constexpr std::size_t kNamed = 3;  // of the tensors that only one checkpoint has

struct Options {
  std::string reference;
  std::string model;
  DataArguments data;
  bool of_language = false;
  bool outputs_only = false;
  LinearLayers layers = LinearLayers::as_quantized;
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

Json weights_json(const WeightComparison& result) {
  Json list = Json::array();
  for (const WeightError& row : result.weights) {
    list.push_back({{"name", row.name},
                    {"shape", row.shape},
                    {"stored", row.stored},
                    {"bits_per_weight", row.bits_per_weight},
                    {"sqnr_db", number(row.error.sqnr_db())},
                    {"cosine", row.error.cosine()},
                    {"max_abs_error", row.error.max_abs_error()}});
  }
  return {{"tensors", list}, {"only_in_reference", result.only_first}, {"only_in_model", result.only_second}};
}

Json language_json(const LanguageScores& scores) {
  return {{"tokens", scores.tokens},
          {"reference_perplexity", number(scores.reference_perplexity)},
          {"perplexity", number(scores.perplexity)},
          {"kl_mean", number(scores.kl_mean)},
          {"kl_median", number(scores.kl_median)},
          {"kl_p99", number(scores.kl_p99)},
          {"same_top", scores.same_top}};
}

std::string sqnr_text(const ErrorSums& error) {
  return std::isinf(error.sqnr_db()) ? "equal" : fmt::format("{:.2f}", error.sqnr_db());
}

std::string rows_text(const std::string& title, const std::vector<ValueError>& rows, std::size_t count) {
  Table table(
      {{title, false, true}, {"operator", false, true}, {"SQNR dB", true}, {"cosine", true}, {"max error", true}});
  for (std::size_t i = 0; i < count; ++i) {
    const ErrorSums& error = rows[i].error;
    table.add({rows[i].name, rows[i].op_type, sqnr_text(error), fmt::format("{:.6f}", error.cosine()),
               fmt::format("{:.4g}", error.max_abs_error())});
  }
  return table.render();
}

std::string weights_text(const WeightComparison& result, std::size_t count) {
  Table table({{"weight, worst first", false, true},
               {"stored as", false, true},
               {"bits", true},
               {"SQNR dB", true},
               {"max error", true}});
  for (std::size_t i = 0; i < count; ++i) {
    const WeightError& row = result.weights[i];
    table.add({row.name, row.stored, fmt::format("{:.2f}", row.bits_per_weight), sqnr_text(row.error),
               fmt::format("{:.4g}", row.error.max_abs_error())});
  }
  return table.render();
}

std::string language_text(const LanguageScores& scores) {
  return fmt::format(
      "perplexity     {:.4f} against {:.4f} over {} tokens\n"
      "KL divergence  mean {:.4g}, median {:.4g}, 99 % below {:.4g} nats\n"
      "same top token {:.2f} %\n\n",
      scores.perplexity, scores.reference_perplexity, scores.tokens, scores.kl_mean, scores.kl_median, scores.kl_p99,
      100 * scores.same_top);
}

std::size_t shown_rows(const Options& options, std::size_t rows) {
  return options.shows_all ? rows : std::min(kDefaultRows, rows);
}

std::string more_text(std::size_t shown, std::size_t rows) {
  return shown < rows ? fmt::format("{} more with --all\n", rows - shown) : "";
}

/// "2 tensors in llama/ only: a.weight, b.weight"
std::string only_text(const Options& options, const std::string& checkpoint, const std::vector<std::string>& names) {
  if (names.empty()) return "";
  const std::size_t named = options.shows_all ? names.size() : std::min(kNamed, names.size());
  std::string text = fmt::format("{} in {} only: {}", counted(names.size(), "tensor"), checkpoint,
                                 fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(named), ", "));
  if (named < names.size()) text += fmt::format(" and {} more", names.size() - named);
  return wrap(text, 2) + "\n";
}

void print(const Options& options, const WeightComparison& result, const Output& out) {
  const auto is_equal = [](const WeightError& row) { return row.error.max_abs_error() == 0; };
  const auto equal = static_cast<std::size_t>(std::ranges::count_if(result.weights, is_equal));
  const std::size_t others = result.weights.size() - equal;  // equal ones are sorted behind them
  const std::size_t shown = options.shows_all ? result.weights.size() : shown_rows(options, others);
  if (shown > 0) out.text(weights_text(result, shown));
  if (shown < result.weights.size()) {
    out.text(more_text(shown, others));
    if (equal > 0) out.text(fmt::format("{} equal\n", counted(equal, "tensor")));
  }
  out.text(only_text(options, options.reference, result.only_first) +
           only_text(options, options.model, result.only_second));
}

void print(const Options& options, const Comparison& result, const Output& out) {
  out.text(fmt::format("{} against {} on {}: {}\n\n", options.model, options.reference, options.data.path,
                       counted(result.samples, "sample")));
  if (result.language) out.text(language_text(*result.language));
  out.text(rows_text("output", result.outputs, result.outputs.size()));
  if (options.outputs_only) return;
  const std::size_t shown = shown_rows(options, result.layers.size());
  if (shown > 0) out.text("\n" + rows_text("layer, worst first", result.layers, shown));
  out.text(more_text(shown, result.layers.size()));
  if (!result.unmatched.empty()) {
    out.text(fmt::format("\n{} of the first model without a namesake in the second\n",
                         counted(result.unmatched.size(), "value")));
  }
}

template <class Rows>
void sort_worst_first(Rows& rows) {
  std::ranges::stable_sort(rows, {}, [](const auto& row) { return row.error.sqnr_db(); });
}

WeightComparison compare_weights(const Checkpoint& reference, const Checkpoint& model, const Output& out) {
  WeightComparison result =
      zeropoint::compare_weights(*reference.weights, *model.weights, out.progress("comparing weights", "bytes"));
  sort_worst_first(result.weights);
  return result;
}

Comparison compare_values(const Options& options, const Output& out) {
  const Model reference = load_model(options.reference, options.layers);
  const Model model = load_model(options.model, options.layers);
  const std::unique_ptr<Dataset> data = open_data(options.data, declared_inputs(reference.graph), out);
  const bool of_language = options.of_language || is_language_model(reference);
  Comparison result = compare(reference, model, *data,
                              {.outputs_only = options.outputs_only,
                               .of_language = of_language,
                               .on_progress = out.progress("comparing", "samples")});
  sort_worst_first(result.layers);
  return result;
}

void compare_models(const Options& options, const Output& out) {
  const bool has_weights = is_checkpoint(options.reference) && is_checkpoint(options.model);
  const bool has_data = !options.data.path.empty();
  if (!has_data && !has_weights) {
    fail(ErrorKind::invalid_option, "--data", "is missing: only the weights of two checkpoints compare without data");
  }
  Json document = {{"reference", options.reference}, {"model", options.model}};
  if (has_data) {
    const Comparison result = compare_values(options, out);
    document["data"] = options.data.path;
    document["samples"] = result.samples;
    if (result.language) document["language"] = language_json(*result.language);
    document["outputs"] = rows_json(result.outputs);
    document["layers"] = rows_json(result.layers);
    document["unmatched"] = result.unmatched;
    print(options, result, out);
  }
  if (has_weights) {
    const WeightComparison result =
        compare_weights(open_checkpoint(options.reference), open_checkpoint(options.model), out);
    document["weights"] = weights_json(result);
    if (has_data) out.text("\n");
    print(options, result, out);
  }
  out.json(json_text(document));
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("reference", options->reference, "the model that is right, usually the float one")
      ->required()
      ->type_name("REFERENCE");
  app.add_option("model", options->model, "the model to judge")->required()->type_name("MODEL");
  add_data_options(app, options->data, DataNeed::optional);
  CLI::Option* const data = app.get_option("--data");
  app.add_flag(
         "--perplexity", options->of_language,
         "the outputs are logits of the next token: also perplexities and KL divergence, as always with checkpoints")
      ->needs(data);
  app.add_flag("--outputs-only", options->outputs_only, "leave the layers out; the models then run as fast as they can")
      ->needs(data);
  app.add_flag("--all", options->shows_all, "print every layer and tensor, not only the 20 worst");
  add_arithmetic_option(app, options->layers);
  return [options](Output& out) { compare_models(*options, out); };
}

}  // namespace

Command command_compare() {
  return {
      .name = "compare",
      .summary = "how far two models differ, layer by layer, worst first",
      .description =
          "Both models run over the data; values with the same name are compared. SQNR is "
          "10 log10(sum a^2 / sum (a - b)^2) in decibels: 6 more halve the error.\n\n"
          "A model is an ONNX file or a checkpoint: a folder with config.json, a .safetensors or a .gguf file. Two "
          "checkpoints also have their weights compared tensor by tensor, whatever their formats, and need no data "
          "for that. Language models get the perplexity of both and the KL divergence of the second from the first, "
          "in nats per token.",
      .examples =
          "zeropoint compare net.onnx net.int8.onnx --data test.csv \\\n"
          "    --preprocess imagenet --limit 50\n"
          "zeropoint compare net.onnx net.int8.onnx --data x.npz --outputs-only --json\n"
          "zeropoint compare llama/ llama-q4.gguf --data tokens.npz",
      .define = define,
  };
}

}  // namespace zeropoint::cli
