// The globs by which users name weights of a checkpoint: --include and --exclude.
//
// A pattern may match a weight's name or its module's: "model.layers.0.*.weight" or "*.q_proj".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/checkpoint.h"

namespace zeropoint {

bool matches_any(const std::vector<std::string>& patterns, const std::string& weight);

/// Throws invalid_option naming `option` and the first pattern that matches no weight.
void check_weight_patterns(const Checkpoint& checkpoint, const std::vector<std::string>& patterns,
                           std::string_view option);

}  // namespace zeropoint
