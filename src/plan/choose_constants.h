// The grids of weights and biases, which need no calibration data.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "plan/choose.h"

namespace zeropoint {

/// The scale of an activation that already has its grid.
using ActivationScale = std::function<float(ValueId)>;

/// The mean of each channel of an activation, from calibration; null when it is not known.
using MeansOf = std::function<const ChannelMeans*(ValueId)>;

struct ConstantRows {
  std::vector<PlanTensor> rows;       // weights, then biases
  std::vector<std::string> warnings;  // biases that had to stay float
};

/// Weights: symmetric, scale = max|w| / 127 (8 bits). Biases: int32, scale = input scale * weight
/// scale. Where a bias would leave int32 the weight's scale of that channel is raised; a channel
/// whose weights are all zero gets a scale that holds its bias to 24 bits. Where the input's means are
/// known the bias is corrected by E[(W - W') x].
ConstantRows choose_constants(const Graph& graph, const Structure& structure, const ActivationScale& activation_scale,
                              const MeansOf& means_of, const ChooseOptions& options);

}  // namespace zeropoint
