// The importance matrix from calibration: what drives every linear layer of a model while it runs over data.
//
//   importance[c] = 1/rows sum_rows x[row, c]^2,   x the layer's input (rows: tokens)
#pragma once

#include "base/progress.h"
#include "data/dataset.h"
#include "graph/graph.h"
#include "methods/importance.h"

namespace zeropoint {

/// Runs a model that was built from a checkpoint over everything that `data` holds. Seen is the input of every weight
/// that a MatMul multiplies with, except tables that a Gather reads as well. Sums are in double and in order:
/// the same for any thread count. Throws invalid_data without samples, or naming a layer whose input is not finite.
ObservedImportance observe_importance(const Model& model, Dataset& data, const OnProgress& on_progress = nullptr);

}  // namespace zeropoint
