// Llama 3.1's rotary scaling as GGUF has it: a tensor with the factor by which each frequency is divided, where
// config.json has the four numbers from which the factors follow.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "checkpoint/rope_scaling.h"
#include "frontends/gguf.h"

namespace zeropoint {

constexpr std::string_view kRopeFactors = "rope_freqs.weight";

/// One factor for each of the head_size / 2 pairs: 1 for fast ones, `factor` for slow ones, blended between.
std::vector<float> rope_factors(const Llama3Scaling& scaling, double theta, std::int64_t head_size);

/// The "rope_scaling" of config.json that gives the file's factors; with rope_type "rope_freqs", which no architecture
/// offers, where none of the usual numbers does.
nlohmann::ordered_json scaling_of_factors(const GgufFile& file, const GgufTensor& factors,
                                          const nlohmann::ordered_json& config);

}  // namespace zeropoint
