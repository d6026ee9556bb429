#include "methods/observe_importance.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "architectures/architecture.h"
#include "base/fail.h"
#include "base/parallel.h"
#include "executor/program.h"

namespace zeropoint {
namespace {

/// A tied embedding is one: an error in it counts where a row is looked up, whatever the output layer sees.
std::set<ValueId> gathered(const Graph& graph) {
  std::set<ValueId> tables;
  for (const Node& node : graph.nodes) {
    if (node.op_type == "Gather") tables.insert(node.inputs[0]);
  }
  return tables;
}

/// Sums of squares per column of one activation, and the weights that it meets.
struct Column {
  std::vector<std::string> weights;
  std::vector<double> sums;
  std::int64_t rows = 0;
};

class Collector {
 public:
  explicit Collector(const Graph& graph) {
    std::map<ValueId, std::size_t> known;
    const std::set<ValueId> tables = gathered(graph);
    for (const Node& node : graph.nodes) {
      const ValueId weight = linear_weight(graph, node);
      if (weight == kNoValue || graph.is_constant(node.inputs[0]) || tables.contains(weight)) continue;
      const auto [it, is_new] = known.emplace(node.inputs[0], inputs_.size());
      if (is_new) {
        names_.push_back(graph.value(node.inputs[0]).name);
        inputs_.emplace_back();
      }
      inputs_[it->second].weights.push_back(graph.value(weight).name);
    }
  }

  const std::vector<std::string>& taps() const { return names_; }

  void add(std::size_t tap, const Tensor& x) {
    Column& column = inputs_[tap];
    const std::int64_t count = x.shape().back();
    const std::int64_t rows = count == 0 ? 0 : x.size() / count;
    column.sums.resize(static_cast<std::size_t>(count));
    constexpr std::int64_t kColumnsPerChunk = 256;
    parallel_ranges(count, kColumnsPerChunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = 0; row < rows; ++row) {
        const float* from = x.data<float>() + row * count;
        for (std::int64_t c = begin; c < end; ++c) {
          column.sums[static_cast<std::size_t>(c)] += static_cast<double>(from[c]) * static_cast<double>(from[c]);
        }
      }
    });
    column.rows += rows;
  }

  ObservedImportance result() const {
    ObservedImportance result;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const Column& column = inputs_[i];
      result.rows = std::max(result.rows, column.rows);
      for (const std::string& weight : column.weights) {
        std::vector<float>& values = result.sums[weight];
        for (const double sum : column.sums) {
          values.push_back(static_cast<float>(sum));
          if (!std::isfinite(values.back())) fail(ErrorKind::invalid_data, names_[i], "has a NaN or an infinity");
        }
      }
    }
    return result;
  }

 private:
  std::vector<std::string> names_;  // of the activations
  std::vector<Column> inputs_;      // parallel
};

}  // namespace

ObservedImportance observe_importance(const Model& model, Dataset& data, const OnProgress& on_progress) {
  Collector collector(model.graph);
  Program program = Program::compile(model, {.taps = collector.taps()});
  std::int64_t samples = 0;
  while (const auto batch = data.next()) {
    program.run(batch->inputs, [&](std::size_t tap, const Tensor& value) { collector.add(tap, value); });
    samples += batch->samples;
    if (on_progress) on_progress(samples, data.size());
  }
  if (samples == 0) fail(ErrorKind::invalid_data, "--data", "holds no samples");
  return collector.result();
}

}  // namespace zeropoint
