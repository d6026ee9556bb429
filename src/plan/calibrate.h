// Calibration: run the float model over data once and keep, of every tensor, its statistics.
//
// A tensor is observed as soon as it is computed and then forgotten, one sample after the other, so
// that memory depends neither on the number of samples nor on the number of tensors that are alive.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "observers/statistics.h"

namespace zeropoint {

struct CalibrationOptions {
  StatisticsOptions statistics;            // of every tensor
  std::vector<std::string> channel_means;  // tensors [N, C, ...] whose channels' means are wanted too
  OnProgress on_progress;                  // in samples
};

/// The graph's inputs and all that its nodes compute, except from constants alone, by name; values that are
/// declared to be of another type than float32 are left out.
std::vector<std::string> observable_values(const Graph& graph);

/// Statistics of `tensors` (of those that turn out to be float32) over everything that `data` still
/// holds. Throws invalid_option for a name that the graph does not have, invalid_data naming tensor
/// and sample for NaN or infinity, and when there is no sample.
Statistics calibrate(const Model& model, Dataset& data, std::span<const std::string> tensors,
                     const CalibrationOptions& options = {});

}  // namespace zeropoint
