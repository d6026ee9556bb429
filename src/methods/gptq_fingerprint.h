// What tells the journal of one GPTQ run from that of another: a fingerprint of everything that decides the result.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "methods/gptq_model.h"

namespace zeropoint {

/// Of the graph with its weights, the calibration samples, the options, and which weights they choose: a layer that
/// stays float changes what later layers see.
std::string gptq_fingerprint(const Model& model, std::span<const std::vector<Tensor>> samples,
                             const GptqModelOptions& options);

}  // namespace zeropoint
