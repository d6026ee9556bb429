// zeropoint calibrate: what the activations of a model look like on real data, as a file.
#include "plan/calibrate.h"
#include "base/counted.h"
#include "base/json_text.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/network.h"
#include "base/fail.h"
#include "base/glob.h"
#include "cli/checks.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/importance.h"
#include "plan/structure.h"

namespace zeropoint::cli {
namespace {

struct Options {
  std::string model;
  std::string output;
  DataSource data;
  std::vector<std::string> tensors;  // globs; empty: all
  StatisticsOptions statistics;
  bool of_importance = false;
};

std::vector<std::string> select(std::vector<std::string> names, const std::vector<std::string>& globs) {
  if (globs.empty()) return names;
  std::vector<bool> is_wanted(names.size());
  for (const std::string& glob : globs) {
    bool matches = false;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!glob_match(glob, names[i])) continue;
      is_wanted[i] = true;
      matches = true;
    }
    if (!matches) fail(ErrorKind::invalid_option, "--tensor", "'{}' matches no tensor of the prepared model", glob);
  }
  std::vector<std::string> selected;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_wanted[i]) selected.push_back(std::move(names[i]));
  }
  return selected;
}

// Those of `tensors` whose channels' means quantize corrects biases with.
std::vector<std::string> with_channels(const Graph& graph, const std::vector<std::string>& tensors) {
  std::vector<std::string> wanted = tensors_with_channels(graph, decide_structure(graph));
  std::erase_if(wanted, [&](const std::string& name) {
    return std::find(tensors.begin(), tensors.end(), name) == tensors.end();
  });
  return wanted;
}

void observe(const Options& options, const Output& out) {
  const Network network = Network::load(options.model);
  const Model& model = network.impl().prepared();
  const std::vector<std::string> tensors = select(observable_values(model.graph), options.tensors);
  const std::unique_ptr<Dataset> data = open_data(options.data, declared_inputs(model.graph), out);
  const Statistics seen = zeropoint::calibrate(model, *data, tensors,
                                               {.statistics = options.statistics,
                                                .channel_means = with_channels(model.graph, tensors),
                                                .on_progress = out.progress("calibrating", "samples")});
  seen.save(options.output);
  const nlohmann::ordered_json document = {
      {"output", options.output}, {"tensors", seen.tensors.size()}, {"samples", seen.samples}};
  out.json(json_text(document));
  out.text(fmt::format("{}: {}, {}\n", options.output, counted(seen.tensors.size(), "tensor"),
                       counted(seen.samples, "sample")));
}

void observe_importance(const Options& options, const Output& out) {
  const Checkpoint checkpoint = open_checkpoint(options.model);
  const GgufArchitecture& architecture = gguf_architecture_of(model_type_of(checkpoint), options.model);
  const ObservedImportance seen = importance_from(checkpoint, options.data, out);
  const std::string dataset = std::filesystem::path(options.data.path).filename().string();
  save_importance(seen, architecture, dataset, options.output);
  const nlohmann::ordered_json document = {
      {"output", options.output}, {"weights", seen.sums.size()}, {"tokens", seen.rows}};
  out.json(json_text(document));
  out.text(fmt::format("{}: {} weights, {} tokens\n", options.output, seen.sums.size(), seen.rows));
}

void calibrate(const Options& options, const Output& out) {
  options.of_importance ? observe_importance(options, out) : observe(options, out);
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  app.add_option("model", options->model, "float ONNX model, or a language model's checkpoint")
      ->required()
      ->type_name("MODEL");
  app.add_option("-o,--output", options->output, "statistics file (JSON); with --importance a GGUF file")
      ->required()
      ->type_name("FILE");
  add_data_options(app, options->data);
  app.add_option("--tensor", options->tensors, "observe only tensors whose name matches this glob; may be repeated")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  app.add_option("--axis", options->statistics.axis,
                 "one record per slice along this axis; -1: one per tensor, which is what 'quantize' reads")
      ->type_name("N")
      ->check(axis_or_none)
      ->capture_default_str();
  app.add_option("--bins", options->statistics.histogram_bins,
                 "bins of each histogram, a power of two, at least half of them in use; 0: no histogram")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--averaging", options->statistics.moving_average_constant,
                 "observer moving_average: weight of the newest sample")
      ->type_name("C")
      ->capture_default_str();
  app.add_flag("--torch-histogram", options->statistics.torch_histogram,
               "also record what observer torch_histogram needs");
  app.add_flag("--importance", options->of_importance,
               "write instead how much each input column of a checkpoint's weights matters, in the form of "
               "llama.cpp's imatrix, for 'quantize --method gguf:MIX --importance FILE'");
  return [options](Output& out) { calibrate(*options, out); };
}

}  // namespace

Command command_calibrate() {
  return {
      .name = "calibrate",
      .summary = "record what the tensors of a model look like on real data",
      .description =
          "Runs the model once over the data and writes, for every float tensor, its extremes, sums and "
          "histogram. 'zeropoint quantize --statistics' chooses ranges from the file by any observer, without "
          "running the model again. With --importance it writes, for a checkpoint, the mean square of every input of "
          "each linear layer. The names are those of the model as quantization prepares it: constants "
          "and BatchNormalization folded.\n\n"
          "Memory does not grow with the data. The file does not depend on the number of threads, and files "
          "of parts of the data join exactly (zeropoint merge).",
      .examples =
          "zeropoint calibrate m.onnx --data images.csv --preprocess imagenet -o s.json\n"
          "zeropoint quantize m.onnx --statistics s.json --observer entropy -o q.onnx\n"
          "zeropoint calibrate llama/ --data tokens.npz --importance -o imatrix.gguf",
      .define = define,
  };
}

}  // namespace zeropoint::cli
