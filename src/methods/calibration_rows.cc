#include "methods/calibration_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "executor/program.h"
#include "methods/input_rows.h"

namespace zeropoint {
namespace {

/// Token ids [N, T] are all that goes in.
bool reads_tokens_only(const Graph& graph) {
  if (graph.inputs.size() != 1) return false;
  const Value& input = graph.value(graph.inputs[0]);
  return input.dtype == DType::i64 && input.count > 0;
}

/// Of the activation of each target, for one sample.
std::vector<Shape> activation_shapes(const Model& model, const std::vector<Tensor>& sample,
                                     std::span<const WeightTarget> targets) {
  CompileOptions options;
  std::map<ValueId, std::size_t> taps;
  for (const WeightTarget& target : targets) {
    if (taps.try_emplace(target.activation, options.taps.size()).second) {
      options.taps.push_back(model.graph.value(target.activation).name);
    }
  }
  std::vector<Shape> seen(options.taps.size());
  Program::compile(model, options).run(sample, [&](std::size_t tap, const Tensor& value) {
    seen[tap] = value.shape();
  });
  std::vector<Shape> shapes;
  for (const WeightTarget& target : targets) shapes.push_back(seen[taps[target.activation]]);
  return shapes;
}

}  // namespace

std::vector<std::int64_t> expected_rows(const Model& model, const std::vector<std::vector<Tensor>>& samples,
                                        std::span<const WeightTarget> targets) {
  std::int64_t elements = 0;
  for (const std::vector<Tensor>& sample : samples) elements += sample.at(0).size();
  if (reads_tokens_only(model.graph)) return std::vector<std::int64_t>(targets.size(), elements);
  const auto share =
      static_cast<double>(elements) / static_cast<double>(std::max<std::int64_t>(1, samples.front().at(0).size()));
  const std::vector<Shape> shapes = activation_shapes(model, samples.front(), targets);
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Node& node = model.graph.nodes[static_cast<std::size_t>(targets[i].node)];
    const std::int64_t of_first = count_input_rows(node, model.opset(), targets[i].shape, shapes[i]);
    rows.push_back(static_cast<std::int64_t>(share * static_cast<double>(of_first)));
  }
  return rows;
}

std::string few_rows_warning(std::span<const WeightTarget> targets, std::span<const std::int64_t> rows) {
  std::size_t count = 0;
  std::size_t worst = 0;
  const auto share = [&](std::size_t i) {
    return static_cast<double>(rows[i]) / static_cast<double>(targets[i].inputs());
  };
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (rows[i] >= targets[i].inputs()) continue;
    if (count++ == 0 || share(i) < share(worst)) worst = i;
  }
  if (count == 0) return "";
  const std::string others =
      count == 1 ? "" : fmt::format(" (and {} more weight{} like it)", count - 1, count == 2 ? "" : "s");
  return fmt::format(
      "'{}' gets {} rows of calibration for {} inputs{}: only damping makes its Hessian regular; give more data",
      targets[worst].name, rows[worst], targets[worst].inputs(), others);
}

}  // namespace zeropoint
