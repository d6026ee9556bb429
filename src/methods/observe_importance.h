// The importance matrix from calibration: what drives every linear layer of a model while it runs over data.
//
//   importance[c] = 1/rows sum_rows x[row, c]^2,   x the layer's input (rows: tokens)
#pragma once

#include <cstdint>

#include "base/progress.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "methods/importance.h"

namespace zeropoint {

struct ObservedImportance {
  Importance importance;  // of every weight that a MatMul of the model multiplies with
  std::int64_t rows = 0;  // tokens
};

/// Runs a model that was built from a checkpoint over everything that `data` holds. Sums are in double and in order:
/// the same for any thread count. Throws invalid_data without samples, or naming a layer whose input is not finite.
ObservedImportance observe_importance(const Model& model, Dataset& data, const OnProgress& on_progress = nullptr);

}  // namespace zeropoint
