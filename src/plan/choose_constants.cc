#include "plan/choose_constants.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/fail.h"
#include "plan/bias_correction.h"

namespace zeropoint {
namespace {

// Codes of a bias stay below half of int32, so that the sum of products finds room beside them.
constexpr double kLargestBias = 0x1p30;
// Codes of a bias whose channel has no weights: the 24 bits of a float32.
constexpr double kBiasResolution = 0x1p23;

struct Weight {
  const PlannedWeight* use = nullptr;
  PlanTensor row;
  std::vector<bool> is_empty;  // per grid: all weights are zero, and no bias has set the scale yet
  int raised = 0;              // scales raised for a bias
  Tensor error;                // W - W'
};

Weight choose_weight(const Graph& graph, const PlannedWeight& use, const ChooseOptions& options) {
  const Value& value = graph.value(use.value);
  const int axis = options.per_tensor ? -1 : use.axis;
  const Scheme scheme{.dtype = options.weights,
                      .symmetric = true,
                      .narrow_range = true,
                      .granularity = axis < 0 ? Granularity::per_tensor : Granularity::per_axis,
                      .axis = std::max(axis, 0)};
  Weight weight{.use = &use, .row = {.name = value.name, .role = TensorRole::weight, .method = "absmax"}};
  try {
    weight.row.ranges = grid_ranges(value.constant, scheme, {.name = "weight"});
  } catch (const Error& e) {
    throw Error(ErrorKind::invalid_model, graph.nodes[static_cast<std::size_t>(use.users[0])].label,
                fmt::format("weight '{}': {}", value.name, e.message()));
  }
  for (Range& range : weight.row.ranges) {
    const double amax = std::max(-range.min, range.max);
    range = {-amax, amax};
    weight.is_empty.push_back(amax == 0);
  }
  weight.row.qparams = choose_tensor_qparams(weight.row.ranges, value.constant.shape(), scheme);
  return weight;
}

// The grid of the weight that belongs to bias element c. ConvTranspose weights are [in, out / group, ...]:
// the groups share the grids.
std::int64_t grid_of_channel(const Tensor& scales, std::int64_t c) {
  return scales.rank() == 0 ? 0 : c % scales.size();
}

// Raises the scales of channels whose bias does not fit. Returns why the bias must stay float, or "".
std::string make_room(const Tensor& bias, float input_scale, Weight& weight) {
  Tensor scales = weight.row.qparams.scales.clone();
  const auto s = scales.mutable_values<float>();
  std::vector<double> largest(s.size());  // |b| of each grid
  for (std::int64_t c = 0; c < bias.size(); ++c) {
    double& b = largest[static_cast<std::size_t>(grid_of_channel(scales, c))];
    b = std::max(b, std::abs(static_cast<double>(bias.data<float>()[c])));
  }
  for (std::size_t g = 0; g < s.size(); ++g) {
    const bool is_empty = weight.is_empty[g];
    const double needed = largest[g] / input_scale / (is_empty ? kBiasResolution : kLargestBias);
    if (needed <= (is_empty ? 0 : s[g])) continue;
    if (scales.rank() == 0 && !is_empty) {
      return fmt::format("{:.4g} is beyond int32 at scale {:.4g} * {:.4g}", largest[g], input_scale, s[g]);
    }
    s[g] = std::max(static_cast<float>(needed), std::numeric_limits<float>::min());
    weight.is_empty[g] = false;
    if (!is_empty) ++weight.raised;
  }
  weight.row.qparams.scales = scales;
  return "";
}

PlanTensor bias_row(const Value& bias, float input_scale, const std::string& input, const Weight& weight) {
  const Tensor& weight_scales = weight.row.qparams.scales;
  const std::int64_t channels = bias.constant.dim(0);
  const bool per_axis = weight_scales.rank() > 0;
  Tensor scales = Tensor::allocate(DType::f32, per_axis ? Shape{channels} : Shape{});
  for (std::int64_t c = 0; c < scales.size(); ++c) {
    const auto g = static_cast<std::size_t>(grid_of_channel(weight_scales, c));
    scales.mutable_values<float>()[static_cast<std::size_t>(c)] =
        std::max(input_scale * weight_scales.values<float>()[g], std::numeric_limits<float>::min());
  }
  const Scheme scheme{.dtype = DType::i32,
                      .symmetric = true,
                      .granularity = per_axis ? Granularity::per_axis : Granularity::per_tensor};
  PlanTensor row{.name = bias.name, .role = TensorRole::bias, .method = "product of scales"};
  row.qparams = {.scheme = scheme, .scales = scales, .zero_points = Tensor::zeros(DType::i32, scales.shape())};
  row.reason =
      fmt::format("the scale of '{}' times that of '{}': products and bias add as integers", input, weight.row.name);
  return row;
}

void explain(const ChooseOptions& options, Weight& weight) {
  const auto scales = weight.row.qparams.scales.values<float>();
  const int largest = qmax(weight.row.qparams.scheme) - (options.weights == DType::u8 ? 128 : 0);
  if (weight.row.qparams.scheme.granularity == Granularity::per_axis) {
    const auto [low, high] = std::minmax_element(scales.begin(), scales.end());
    weight.row.reason = fmt::format("max|w| of each of {} output channels / {}: scales from {:.4g} to {:.4g}",
                                    scales.size(), largest, *low, *high);
  } else {
    weight.row.reason = fmt::format("max|w| / {} = {:.4g}", largest, scales[0]);
    if (weight.use->has_conflict) weight.row.reason += "; its users disagree about the channel axis";
  }
  if (weight.raised > 0) weight.row.reason += fmt::format("; {} raised so that the bias fits int32", weight.raised);
}

void measure_error(const Graph& graph, Weight& weight) {
  const Tensor& real = graph.value(weight.use->value).constant;
  weight.error = fake_quantize(real, weight.row.qparams);
  double sum = 0;  // of squares, in double, in memory order
  for (std::int64_t i = 0; i < real.size(); ++i) {
    float& error = weight.error.mutable_data<float>()[i];
    error = real.data<float>()[i] - error;
    sum += static_cast<double>(error) * error;
  }
  if (real.size() > 0) weight.row.rounding_error = sum / static_cast<double>(real.size());
}

void correct(PlanTensor& row, Tensor correction) {
  if (!correction) return;
  float largest = 0;
  for (const float c : correction.values<float>()) largest = std::max(largest, std::abs(c));
  if (largest == 0) return;
  row.correction = std::move(correction);
  row.reason += fmt::format("; corrected by up to {:.4g} for the mean error of the rounded weights", largest);
}

}  // namespace

ConstantRows choose_constants(const Graph& graph, const Structure& structure, const ActivationScale& activation_scale,
                              const MeansOf& means_of, const ChooseOptions& options) {
  std::vector<Weight> weights;
  std::map<ValueId, std::size_t> weight_of;
  for (const PlannedWeight& use : structure.weights) {
    weight_of[use.value] = weights.size();
    weights.push_back(choose_weight(graph, use, options));
  }

  ConstantRows result;
  std::vector<bool> fits(structure.biases.size(), true);
  for (std::size_t i = 0; i < structure.biases.size(); ++i) {  // all raises first: users of one weight share its scales
    const QuantizedBias& bias = structure.biases[i];
    Weight& weight = weights[weight_of.at(bias.weight)];
    const std::string obstacle = make_room(graph.value(bias.value).constant, activation_scale(bias.input), weight);
    fits[i] = obstacle.empty();
    if (fits[i]) continue;
    result.warnings.push_back(fmt::format("bias '{}' stays float: {}", graph.value(bias.value).name, obstacle));
  }
  for (Weight& weight : weights) {
    explain(options, weight);
    measure_error(graph, weight);
    result.rows.push_back(weight.row);
  }
  for (std::size_t i = 0; i < structure.biases.size(); ++i) {
    const QuantizedBias& bias = structure.biases[i];
    if (!fits[i]) continue;
    const Weight& weight = weights[weight_of.at(bias.weight)];
    PlanTensor row =
        bias_row(graph.value(bias.value), activation_scale(bias.input), graph.value(bias.input).name, weight);
    if (options.correct_biases) {
      correct(row,
              bias_correction(graph.nodes[static_cast<std::size_t>(bias.node)], weight.error, means_of(bias.input)));
    }
    result.rows.push_back(std::move(row));
  }
  return result;
}

}  // namespace zeropoint
