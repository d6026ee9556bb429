#include "report/compare.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/fail.h"
#include "base/parallel.h"
#include "data/convert.h"
#include "executor/program.h"
#include "report/next_token.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kChunk = 1 << 15;

struct Sums {
  double aa = 0;
  double bb = 0;
  double ab = 0;
  double squared_error = 0;
  double abs_error = 0;
  double max_abs_error = 0;
};

Sums sums_of(const float* a, const float* b, std::int64_t n) {
  Sums sums;
  for (std::int64_t i = 0; i < n; ++i) {
    const double x = a[i];
    const double y = b[i];
    const double error = std::abs(x - y);
    sums.aa += x * x;
    sums.bb += y * y;
    sums.ab += x * y;
    sums.squared_error += error * error;
    sums.abs_error += error;
    sums.max_abs_error = std::max(sums.max_abs_error, error);
  }
  return sums;
}

struct Layer {
  std::string name;
  std::string op_type;
};

/// Names and makers of the values that nodes compute from the inputs, in order, as far as they may be float32.
std::vector<Layer> layers_of(const Graph& graph) {
  std::vector<Layer> layers;
  std::vector<bool> is_fixed(graph.values.size());  // made from constants and shapes alone
  for (std::size_t i = 0; i < graph.values.size(); ++i) is_fixed[i] = static_cast<bool>(graph.values[i].constant);
  for (const Node& node : graph.nodes) {
    const bool reads_fixed = node.op_type == "Shape" || std::ranges::all_of(node.inputs, [&](ValueId id) {
                               return id == kNoValue || is_fixed[static_cast<std::size_t>(id)];
                             });
    if (reads_fixed && !node.inputs.empty() && node.subgraphs().empty()) {
      for (const ValueId id : node.outputs) {
        if (id != kNoValue) is_fixed[static_cast<std::size_t>(id)] = true;
      }
      continue;
    }
    for (const ValueId id : node.outputs) {
      if (id == kNoValue || graph.is_output(id)) continue;
      const Value& value = graph.value(id);
      if (value.dtype == DType::f32 || value.dtype == DType::undefined) layers.push_back({value.name, node.op_type});
    }
  }
  return layers;
}

std::string maker_of(const Graph& graph, const std::string& name) {
  const ValueId id = graph.find(name);
  for (const Node& node : graph.nodes) {
    if (std::find(node.outputs.begin(), node.outputs.end(), id) != node.outputs.end()) return node.op_type;
  }
  return "";
}

std::set<std::string> made_by_nodes(const Graph& graph) {
  std::set<std::string> names;
  for (const Node& node : graph.nodes) {
    for (const ValueId id : node.outputs) {
      if (id != kNoValue) names.insert(graph.value(id).name);
    }
  }
  return names;
}

/// For each output of the reference, the index of the model's output: by name, or by place when no name matches.
std::vector<std::size_t> match_outputs(const Program& reference, const Program& model, const std::string& source) {
  std::vector<std::size_t> matches;
  const auto find = [&](const std::string& name) {
    return std::find_if(model.outputs().begin(), model.outputs().end(), [&](const auto& v) { return v.name == name; });
  };
  for (std::size_t i = 0; i < reference.outputs().size(); ++i) {
    const auto at = find(reference.outputs()[i].name);
    if (at == model.outputs().end() && reference.outputs().size() != model.outputs().size()) {
      fail(ErrorKind::invalid_model, source, "has no output '{}'", reference.outputs()[i].name);
    }
    matches.push_back(at == model.outputs().end() ? i : static_cast<std::size_t>(at - model.outputs().begin()));
  }
  return matches;
}

void require_same_inputs(const Program& reference, const Program& model, const std::string& source) {
  if (reference.inputs().size() != model.inputs().size()) {
    fail(ErrorKind::invalid_model, source, "has {} inputs, the other model {}", model.inputs().size(),
         reference.inputs().size());
  }
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    const ProgramValue& a = reference.inputs()[i];
    const ProgramValue& b = model.inputs()[i];
    if (a.dtype == b.dtype) continue;
    fail(ErrorKind::invalid_model, source, "the input '{}' is {}, that of the other model {}", b.name, name(b.dtype),
         name(a.dtype));
  }
}

void add(ValueError& row, const Tensor& reference, const Tensor& value) {
  if (reference.dtype() != DType::f32 || value.dtype() != DType::f32) return;
  if (reference.shape() != value.shape()) {
    fail(ErrorKind::invalid_model, row.name, "has the shape {} in one model and {} in the other",
         to_string(reference.shape()), to_string(value.shape()));
  }
  try {
    row.error.add(reference, value);
  } catch (const Error& error) {
    throw Error(error.kind(), row.name, error.message());
  }
}

}  // namespace

void ErrorSums::add(const Tensor& reference, const Tensor& value) {
  const std::int64_t n = reference.size();
  std::vector<Sums> chunks(static_cast<std::size_t>((n + kChunk - 1) / kChunk));
  parallel_ranges(n, kChunk, [&](std::int64_t begin, std::int64_t end) {
    chunks[static_cast<std::size_t>(begin / kChunk)] =
        sums_of(reference.data<float>() + begin, value.data<float>() + begin, end - begin);
  });
  for (const Sums& sums : chunks) {
    sum_aa_ += sums.aa;
    sum_bb_ += sums.bb;
    sum_ab_ += sums.ab;
    sum_squared_error_ += sums.squared_error;
    sum_abs_error_ += sums.abs_error;
    max_abs_error_ = std::max(max_abs_error_, sums.max_abs_error);
  }
  count_ += n;
  if (!std::isfinite(sum_squared_error_)) fail(ErrorKind::invalid_data, "", "has a NaN or an infinity");
}

double ErrorSums::sqnr_db() const {
  if (sum_squared_error_ == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(sum_aa_ / sum_squared_error_);
}

double ErrorSums::cosine() const {
  if (sum_aa_ == 0 && sum_bb_ == 0) return 1;
  const double norm = std::sqrt(sum_aa_) * std::sqrt(sum_bb_);
  return norm == 0 ? 0 : sum_ab_ / norm;
}

bool is_language_model(const Model& model) {
  const Graph& graph = model.graph;
  const auto is_bounded = [&](ValueId id) { return graph.value(id).count >= 0; };
  return std::ranges::any_of(graph.inputs, is_bounded) && !graph.outputs.empty() &&
         graph.value(graph.outputs[0]).name == "logits";
}

Comparison compare(const Model& reference, const Model& model, Dataset& data, const CompareOptions& options) {
  Comparison result;
  CompileOptions reference_options;
  if (!options.outputs_only) {
    const std::set<std::string> other = made_by_nodes(model.graph);
    for (const Layer& layer : layers_of(reference.graph)) {
      if (!other.contains(layer.name)) {
        result.unmatched.push_back(layer.name);
        continue;
      }
      result.layers.push_back({.name = layer.name, .op_type = layer.op_type, .error = {}});
      reference_options.taps.push_back(layer.name);
    }
  }
  CompileOptions model_options{.taps = reference_options.taps};
  Program reference_program = Program::compile(reference, reference_options);
  Program model_program = Program::compile(model, model_options);
  require_same_inputs(reference_program, model_program, model.source);
  const std::vector<std::size_t> matches = match_outputs(reference_program, model_program, model.source);
  for (const ProgramValue& output : reference_program.outputs()) {
    result.outputs.push_back({.name = output.name, .op_type = maker_of(reference.graph, output.name), .error = {}});
  }

  Divergence divergence;
  const std::size_t tokens = options.of_language ? find_tokens(reference_program) : 0;
  std::vector<Tensor> seen(result.layers.size());  // the reference's values of one batch
  while (const auto batch = data.next()) {
    const std::vector<Tensor> wanted =
        reference_program.run(batch->inputs, [&](std::size_t tap, const Tensor& value) { seen[tap] = value.clone(); });
    const std::vector<Tensor> found = model_program.run(batch->inputs, [&](std::size_t tap, const Tensor& value) {
      if (seen[tap]) add(result.layers[tap], seen[tap], value);
      seen[tap] = {};
    });
    for (std::size_t i = 0; i < wanted.size(); ++i) add(result.outputs[i], wanted[i], found[matches[i]]);
    if (options.of_language) {
      divergence.add(convert(batch->inputs[tokens], DType::i64, "tokens"), wanted[0], found[matches[0]],
                     result.outputs[0].name);
    }
    result.samples += batch->samples;
    if (options.on_progress) options.on_progress(result.samples, data.size());
  }
  if (result.samples == 0) fail(ErrorKind::invalid_data, "--data", "holds no samples");
  if (options.of_language) result.language = divergence.scores();
  std::erase_if(result.layers, [](const ValueError& row) { return row.error.count() == 0; });  // not float32
  return result;
}

}  // namespace zeropoint
