// How config.json describes the frequencies of rotary positions: their base, and the scaling for longer texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "checkpoint/config.h"

namespace zeropoint {

/// The object under rope_scaling, or rope_parameters since transformers 5; nullopt where there is none.
std::optional<Config> rope_scaling(const Config& config);

/// "default" where it names none.
std::string rope_type(const Config& scaling);

/// The base of the frequencies: rope_theta of the scaling, else of the config, else 10000.
double rope_theta(const Config& config);

/// A positive number of a scaling. Throws invalid_data when it is missing and has no default (0), or not positive.
double positive_number(const Config& scaling, std::string_view key, double otherwise);

/// "factor", at least 1. Throws invalid_data.
double rope_factor(const Config& scaling);

/// Llama 3.1: slow turns are slowed further by `factor`, fast ones stay, those between are blended.
struct Llama3Scaling {
  double factor = 8;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  double original_length = 8192;  // positions

  /// What becomes of a frequency: times 1 for fast ones, times 1 / factor for slow ones.
  double slowing(double frequency) const;
};

/// Of a scaling of type llama3. Throws invalid_data.
Llama3Scaling llama3_scaling(const Config& scaling);

}  // namespace zeropoint
