// Runs a model over data and scores its outputs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.h"
#include "data/dataset.h"
#include "executor/program.h"
#include "report/metric.h"

namespace zeropoint {

struct EvaluateOptions {
  std::string metric;  // a name of all_metrics(); empty: top1
  MetricOptions of;
  OnProgress on_progress;  // in samples
};

struct Evaluation {
  std::string metric;
  std::vector<Score> scores;
  std::int64_t samples = 0;
  double model_seconds = 0;  // spent in the model alone, reading and decoding left out
};

/// Everything that `data` still holds. Throws invalid_data when the metric needs labels and there are none.
Evaluation evaluate(Program& program, Dataset& data, const EvaluateOptions& options = {});

}  // namespace zeropoint
