#include "methods/gptq_cost.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "kernels/dense/dense.h"
#include "methods/calibration_rows.h"
#include "methods/round_to_nearest.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kFloat = sizeof(float);
constexpr std::int64_t kProbe = 512;             // rows and columns of the Gram matrix that is timed
constexpr std::int64_t kProbeWeights = 1 << 17;  // whose grids are searched for
constexpr int kProbes = 3;

/// Weights that read the same value and share a Hessian.
struct Layer {
  ValueId activation = kNoValue;
  std::int64_t inputs = 0;
  std::int64_t rows = 0;     // of calibration
  std::int64_t weights = 0;  // of all its matrices
};

std::vector<Layer> layers_of(const std::vector<WeightTarget>& targets, const std::vector<std::int64_t>& rows) {
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const WeightTarget& target = targets[i];
    if (layers.empty() || layers.back().activation != target.activation) {
      layers.push_back({.activation = target.activation, .inputs = target.inputs(), .rows = rows[i]});
    }
    layers.back().weights += target.outputs() * target.inputs();
  }
  return layers;
}

/// Bytes while a layer is quantized. Of the activations: its inputs and those of the layer before, and the residual
/// stream behind and before it, which is as wide as the inputs of the first layer. Of the Hessian: itself, its factor
/// and the factor's panels above the diagonal. Of each weight: two codes, the error, the dequantized value, and that in
/// the order of the product.
std::int64_t working_set(const Layer& layer, const Layer& before, const Layer& first) {
  const std::int64_t widths = layer.inputs + before.inputs + 2 * first.inputs;
  const std::int64_t square = layer.inputs * layer.inputs;
  return kFloat * (layer.rows * widths + 2 * square + square / 2 + 3 * layer.weights) + 2 * layer.weights;
}

std::int64_t journal_bytes(const WeightTarget& target, const GptqOptions& options) {
  const MatrixScheme scheme = gptq_scheme(options);
  const std::int64_t grids = element_count(matrix_grid_shape(scheme, target.outputs(), target.inputs()));
  return target.outputs() * target.inputs() + grids * (kFloat + (scheme.symmetric ? 0 : 1)) +
         (scheme.act_order ? target.inputs() * kFloat : 0);
}

/// Products of its forward pass and its Hessian count once per layer; the Cholesky factor and the inverse (n^3 / 6
/// each), the sweep (half a product with the factor) and the loss of rounding (one with the Hessian) for each weight.
double multiply_adds(const WeightTarget& target) {
  const auto n = static_cast<double>(target.inputs());
  return n * n * n / 3 + 1.5 * static_cast<double>(target.outputs()) * n * n;
}

template <class Work>
double shortest_seconds(const Work& work) {
  double shortest = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kProbes; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    shortest = std::min(shortest, seconds.count());
  }
  return shortest;
}

double seconds_per_multiply_add() {
  const Tensor rows = Tensor::zeros(DType::f32, {kProbe, kProbe});
  const double seconds = shortest_seconds([&] {
    GramMatrix sum(kProbe);
    sum.add(rows.data<float>(), kProbe, kProbe);
    sum.finish();
  });
  return 2 * seconds / static_cast<double>(kProbe * kProbe * kProbe);
}

double seconds_per_grid_weight(const Model& model, const WeightTarget& target, const GptqOptions& options) {
  const Tensor weight = weight_matrix(model.graph, target);
  const std::int64_t rows = std::clamp<std::int64_t>(kProbeWeights / weight.dim(1), 1, weight.dim(0));
  const Tensor sample = Tensor::view(weight.dtype(), {rows, weight.dim(1)}, weight.raw(), weight.owner());
  MatrixScheme scheme = gptq_scheme(options);
  scheme.act_order = false;
  const double seconds = shortest_seconds([&] {
    round_to_nearest(sample, scheme, {.storage = options.storage, .clip_search = options.clip_search}, target.name);
  });
  return seconds / static_cast<double>(sample.size());
}

}  // namespace

GptqCost gptq_cost(const Model& model, const std::vector<std::vector<Tensor>>& samples,
                   const GptqModelOptions& options) {
  const std::vector<WeightTarget> targets = find_weight_targets(model, options.filter, options.keep).targets;
  const std::vector<Layer> layers = layers_of(targets, expected_rows(model, samples, targets));
  GptqCost cost;
  std::int64_t memory = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Layer& layer = layers[i];
    memory = std::max(memory, working_set(layer, layers[i == 0 ? 0 : i - 1], layers.front()));
    cost.multiply_adds += static_cast<double>(layer.rows) *
                          (static_cast<double>(layer.weights) + 0.5 * static_cast<double>(layer.inputs * layer.inputs));
  }
  cost.memory = static_cast<std::uint64_t>(memory);
  for (const WeightTarget& target : targets) {
    cost.journal_bytes += static_cast<std::uint64_t>(journal_bytes(target, options.of(target.name)));
    cost.multiply_adds += multiply_adds(target);
    cost.grid_weights += 2.0 * static_cast<double>(target.outputs() * target.inputs());  // in rounding and in the sweep
  }
  return cost;
}

double gptq_seconds(const GptqCost& cost, const Model& model, const GptqModelOptions& options) {
  const std::vector<WeightTarget> targets = find_weight_targets(model, options.filter, options.keep).targets;
  if (targets.empty()) return 0;
  const WeightTarget& first = targets.front();
  return cost.multiply_adds * seconds_per_multiply_add() +
         cost.grid_weights * seconds_per_grid_weight(model, first, options.of(first.name));
}

}  // namespace zeropoint
