// zeropoint run: a model's outputs for given inputs.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "architectures/load_model.h"
#include "base/counted.h"
#include "base/fail.h"
#include "base/json_text.h"
#include "cli/arithmetic_option.h"
#include "cli/command.h"
#include "cli/data_options.h"
#include "cli/table.h"
#include "data/convert.h"
#include "data/npz_writer.h"
#include "executor/program.h"

namespace zeropoint::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Options {
  std::string model;
  DataArguments data;
  std::string output;
  LinearLayers layers = LinearLayers::as_quantized;
};

/// The parts one after the other along their first axis.
Tensor concatenate(const std::string& name, const std::vector<Tensor>& parts) {
  const Tensor& first = parts.front();
  if (parts.size() == 1) return first;
  Shape shape = first.shape();
  std::int64_t rows = 0;
  for (const Tensor& part : parts) {
    const bool fits = part.rank() == first.rank() && part.rank() > 0 && part.dtype() == first.dtype() &&
                      std::equal(part.shape().begin() + 1, part.shape().end(), shape.begin() + 1);
    if (!fits || part.dtype() == DType::string) {
      fail(ErrorKind::unsupported, fmt::format("output '{}'", name),
           "has the shape {} for one run and {} for another: run one at a time, or as one batch with --batch",
           to_string(first.shape()), to_string(part.shape()));
    }
    rows += part.dim(0);
  }
  shape[0] = rows;
  Tensor out = Tensor::allocate(first.dtype(), std::move(shape));
  auto* to = static_cast<std::byte*>(out.mutable_raw());
  for (const Tensor& part : parts) {
    if (part.bytes() > 0) std::memcpy(to, part.raw(), part.bytes());
    to += part.bytes();
  }
  return out;
}

struct Summary {
  double min = 0;
  double max = 0;
  double mean = 0;
};

Summary summarize(const Tensor& tensor) {
  Summary summary;
  if (tensor.dtype() == DType::string || tensor.size() == 0) return summary;
  const Tensor values = convert(tensor, DType::f64, "output");
  const auto [low, high] = std::minmax_element(values.values<double>().begin(), values.values<double>().end());
  double sum = 0;
  for (const double v : values.values<double>()) sum += v;
  return {*low, *high, sum / static_cast<double>(values.size())};
}

bool is_npy(const std::string& path) { return path.ends_with(".npy"); }

/// Known before the model runs.
void check_output(const std::string& path, std::size_t outputs) {
  if (path.empty()) return;
  if (!is_npy(path) && !path.ends_with(".npz")) {
    fail(ErrorKind::invalid_option, "--output", "'{}' ends neither in .npz nor in .npy", path);
  }
  if (is_npy(path) && outputs != 1) {
    fail(ErrorKind::invalid_option, path, "the model has {}: an .npz takes them all", counted(outputs, "output"));
  }
}

void save(const std::string& path, const std::vector<NamedTensor>& outputs) {
  if (is_npy(path)) return save_npy(outputs[0].tensor, path);
  save_npz(outputs, path);
}

void report(const Options& options, const std::vector<NamedTensor>& outputs, std::int64_t samples, const Output& out) {
  Json rows = Json::array();
  Table table({{"output", false, true}, {"type"}, {"shape"}, {"min", true}, {"max", true}, {"mean", true}});
  for (const NamedTensor& output : outputs) {
    const Summary summary = summarize(output.tensor);
    const std::string type(name(output.tensor.dtype()));
    rows.push_back({{"name", output.name},
                    {"type", type},
                    {"shape", output.tensor.shape()},
                    {"min", summary.min},
                    {"max", summary.max},
                    {"mean", summary.mean}});
    table.add({output.name, type, to_string(output.tensor.shape()), fmt::format("{:.6g}", summary.min),
               fmt::format("{:.6g}", summary.max), fmt::format("{:.6g}", summary.mean)});
  }
  const Json document = {
      {"model", options.model}, {"samples", samples}, {"outputs", rows}, {"written", options.output}};
  out.json(json_text(document));
  out.text(table.render());
  if (!options.output.empty()) out.text(fmt::format("\n{}: {}\n", options.output, counted(samples, "sample")));
}

void run(const Options& options, const Output& out) {
  Program program = Program::compile(load_model(options.model, options.layers));
  check_output(options.output, program.outputs().size());
  const std::unique_ptr<Dataset> data = open_data(options.data, program.inputs(), out);
  std::vector<std::vector<Tensor>> parts(program.outputs().size());
  std::int64_t samples = 0;
  {
    const OnProgress progress = out.progress("running", "samples");
    while (const auto batch = data->next()) {
      std::vector<Tensor> outputs = program.run(batch->inputs);
      for (std::size_t i = 0; i < outputs.size(); ++i) parts[i].push_back(std::move(outputs[i]));
      samples += batch->samples;
      if (progress) progress(samples, data->size());
    }
  }
  std::vector<NamedTensor> results;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& name = program.outputs()[i].name;
    results.push_back({name, concatenate(name, parts[i])});
  }
  if (!options.output.empty()) save(options.output, results);
  report(options, results, samples, out);
}

Action define(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  options->data.options.batch = 0;
  app.add_option("model", options->model, "an ONNX model or a checkpoint, float or quantized")
      ->required()
      ->type_name("MODEL");
  app.add_option("-o,--output", options->output, "where the outputs go: .npz, or .npy when there is one")
      ->type_name("FILE");
  add_data_options(app, options->data);
  add_arithmetic_option(app, options->layers);
  return [options](Output& out) { run(*options, out); };
}

}  // namespace

Command command_run() {
  return {
      .name = "run",
      .summary = "run a model and write its outputs to .npz",
      .description =
          "An array whose shape the model takes is passed as it is (--batch 0); otherwise it is run sample "
          "by sample and the outputs are joined along their first axis.",
      .examples =
          "zeropoint run net.onnx --data x.npy -o y.npz\n"
          "zeropoint run net.onnx --data cat.jpg --preprocess imagenet\n"
          "zeropoint run net.onnx --data test_data_set_0 -o y.npz",
      .define = define,
  };
}

}  // namespace zeropoint::cli
