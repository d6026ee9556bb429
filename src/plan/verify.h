// The last word on a written model: it runs, and its outputs stay near the float model's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "executor/program.h"
#include "zeropoint/zeropoint.h"

namespace zeropoint {

/// Runs both programs on every batch (one tensor per input) and compares the outputs, which must
/// agree in number, type and shape. `file` stands for the quantized model in errors: invalid_model
/// when an output differs in kind, or is not finite where the float model's is.
std::vector<OutputError> compare_outputs(Program& reference, Program& quantized,
                                         std::span<const std::vector<Tensor>> batches, const std::string& file);

}  // namespace zeropoint
