// How many rows of calibration the Hessian of a weight will sum, known before the first one is computed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "methods/weight_target.h"

namespace zeropoint {

/// One number per target. In a language model every token is a row of every product; of other models the first sample
/// is run, and the others count in proportion to their elements. `samples` hold at least one.
std::vector<std::int64_t> expected_rows(const Model& model, const std::vector<std::vector<Tensor>>& samples,
                                        std::span<const WeightTarget> targets);

/// One sentence for all weights that have more inputs than rows; empty when there is none.
std::string few_rows_warning(std::span<const WeightTarget> targets, std::span<const std::int64_t> rows);

}  // namespace zeropoint
