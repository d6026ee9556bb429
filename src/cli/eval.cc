// zeropoint eval: accuracy, perplexity and speed of a model on data.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "architectures/load_model.h"
#include "base/counted.h"
#include "base/json_text.h"
#include "base/parallel.h"
#include "cli/arithmetic_option.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "executor/program.h"
#include "report/evaluate.h"

namespace zeropoint::cli {
namespace {

struct Options {
  std::string model;
  DataArguments data;
  EvaluateOptions evaluate;
  LinearLayers layers = LinearLayers::as_quantized;
};

std::string line_of(const Score& score) {
  const std::string value = score.is_fraction ? fmt::format("{:.2f} %", 100 * score.value)
                            : score.value == static_cast<double>(static_cast<std::int64_t>(score.value))
                                ? fmt::format("{:.0f}", score.value)
                                : fmt::format("{:.4f}", score.value);
  return fmt::format("  {:<12}{}\n", score.name, value);
}

void eval(const Options& options, const Output& out) {
  find_metric(options.evaluate.metric);  // a misspelt name should not wait for the model
  const bool scores_nothing = options.evaluate.metric == "speed";
  if (scores_nothing && !(options.evaluate.of.output.empty() && options.evaluate.of.selection.empty())) {
    out.warn("", "--output-name and --select have no use with --metric speed, which scores nothing");
  }
  Program program = Program::compile(load_model(options.model, options.layers));
  const std::unique_ptr<Dataset> data = open_data(options.data, program.inputs(), out);
  EvaluateOptions evaluate_options = options.evaluate;
  evaluate_options.on_progress = out.progress("evaluating", "samples");
  const Evaluation result = evaluate(program, *data, evaluate_options);
  evaluate_options.on_progress = nullptr;
  const double speed = static_cast<double>(result.samples) / result.model_seconds;

  nlohmann::ordered_json document = {
      {"model", options.model}, {"data", options.data.path}, {"samples", result.samples}, {"metric", result.metric}};
  for (const Score& score : result.scores) document[score.name] = score.value;
  document["model_seconds"] = result.model_seconds;
  document["samples_per_second"] = speed;
  document["threads"] = num_threads();
  out.json(json_text(document));

  out.text(fmt::format("{} on {}: {}\n", options.model, options.data.path, counted(result.samples, "sample")));
  for (const Score& score : result.scores) out.text(line_of(score));
  out.text(fmt::format("  {:<12}{:.1f} samples/s (model only, {})\n", "speed", speed,
                       counted(std::int64_t{num_threads()}, "thread")));
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  options->evaluate.metric = "top1";
  std::string metrics;
  for (const MetricSpec& spec : all_metrics()) {
    metrics += fmt::format("{}{} ({})", metrics.empty() ? "" : "; ", spec.name, spec.summary);
  }
  app.add_option("model", options->model, "an ONNX model or a checkpoint, float or quantized")
      ->required()
      ->type_name("MODEL");
  add_data_options(app, options->data);
  app.add_option("--metric", options->evaluate.metric, metrics)->type_name("NAME")->capture_default_str();
  app.add_option("--output-name", options->evaluate.of.output, "the output to score, when it is not the first")
      ->type_name("NAME");
  app.add_option("--select", options->evaluate.of.selection,
                 "the part of the output that holds the scores, as in NumPy: '[:,0,:]'")
      ->type_name("INDICES");
  add_arithmetic_option(app, options->layers);
  return [options](Output& out) { eval(*options, out); };
}

}  // namespace

Command command_eval() {
  return {
      .name = "eval",
      .summary = "accuracy, perplexity and speed of a model on data",
      .description =
          "Runs the model over the data, sample by sample, and scores its output. Integer nodes of a "
          "quantized model run in integers. A checkpoint is a folder with config.json, a .safetensors or a .gguf "
          "file; its weights are decoded and it runs in float32, except that a checkpoint of LLM.int8() multiplies "
          "as that method does: columns of activations with outliers in float, the others as int8.",
      .examples =
          "zeropoint eval net.onnx --data test.csv --preprocess imagenet\n"
          "zeropoint eval net.onnx --data cifar10.npz \\\n"
          "    --preprocess scale=1/255,mean=0.485,0.456,0.406,std=0.229,0.224,0.225\n"
          "zeropoint eval tokens.onnx --data test.npz --select '[:,0,:]'\n"
          "zeropoint eval llm.onnx --data tokens.npz --metric perplexity\n"
          "zeropoint eval llama-q4.gguf --data tokens.npz --metric perplexity",
      .define = define,
  };
}

}  // namespace zeropoint::cli
