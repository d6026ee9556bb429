// Llama 3.1's rotary scaling as GGUF has it: a tensor with the factor by which each frequency is divided, where
// config.json has the four numbers from which the factors follow.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "architectures/config.h"
#include "frontends/gguf.h"

namespace zeropoint {

constexpr std::string_view kRopeFactors = "rope_freqs.weight";

struct Llama3Scaling {
  double factor = 8;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  double original_length = 8192;  // positions
};

/// What config.json asks for; nullopt where its rotary scaling is of another type or there is none.
std::optional<Llama3Scaling> llama3_scaling(const Config& config);

/// The base of the frequencies.
double rope_theta(const Config& config);

/// One factor for each of the head_size / 2 pairs: 1 for fast ones, `factor` for slow ones, blended between.
std::vector<float> rope_factors(const Llama3Scaling& scaling, double theta, std::int64_t head_size);

/// The "rope_scaling" of config.json that gives the file's factors; with rope_type "rope_freqs", which no architecture
/// offers, where none of the usual numbers does.
nlohmann::ordered_json scaling_of_factors(const GgufFile& file, const GgufTensor& factors,
                                          const nlohmann::ordered_json& config);

}  // namespace zeropoint
