// Which layers a loader of the output finds in float: formats list them, because loaders take every Linear layer for a
// quantized one otherwise.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "architectures/architecture.h"

namespace zeropoint {

/// Sorted names of the weights that make a Linear layer and are not in `quantized`. Matrices that the architecture does
/// not mention, such as the head of a classifier, count: its graph does without them, a loader does not.
std::vector<std::string> float_linear_layers(const Checkpoint& checkpoint, const std::vector<WeightPlace>& places,
                                             const std::unordered_set<std::string>& quantized);

}  // namespace zeropoint
