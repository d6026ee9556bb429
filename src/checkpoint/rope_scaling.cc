#include "checkpoint/rope_scaling.h"

#include <algorithm>
#include <numbers>

#include "base/fail.h"

namespace zeropoint {

std::optional<Config> rope_scaling(const Config& config) {
  auto section = config.section("rope_parameters");
  return section ? section : config.section("rope_scaling");
}

std::string rope_type(const Config& scaling) { return scaling.text("rope_type", scaling.text("type", "default")); }

double rope_theta(const Config& config) {
  constexpr double kUsual = 10000;
  const double theta = config.number("rope_theta", kUsual);
  const auto scaling = rope_scaling(config);
  return scaling ? positive_number(*scaling, "rope_theta", theta) : theta;
}

double positive_number(const Config& scaling, std::string_view key, double otherwise) {
  const double value = scaling.number(key, otherwise);
  if (!(value > 0)) fail(ErrorKind::invalid_data, scaling.where(), "'{}' is missing or not positive", key);
  return value;
}

double rope_factor(const Config& scaling) {
  const double factor = positive_number(scaling, "factor", 0);
  if (factor < 1) fail(ErrorKind::invalid_data, scaling.where(), "'factor' is {}, below 1", factor);
  return factor;
}

double Llama3Scaling::slowing(double frequency) const {
  const double turns = original_length * frequency / (2 * std::numbers::pi);  // over the pretrained length
  const double kept = std::clamp((turns - low_freq_factor) / (high_freq_factor - low_freq_factor), 0.0, 1.0);
  return (1 - kept) / factor + kept;
}

Llama3Scaling llama3_scaling(const Config& scaling) {
  const Llama3Scaling s{.factor = rope_factor(scaling),
                        .low_freq_factor = positive_number(scaling, "low_freq_factor", 0),
                        .high_freq_factor = positive_number(scaling, "high_freq_factor", 0),
                        .original_length = positive_number(scaling, "original_max_position_embeddings", 0)};
  if (s.high_freq_factor <= s.low_freq_factor) {
    fail(ErrorKind::invalid_data, scaling.where(), "'high_freq_factor' is not above 'low_freq_factor'");
  }
  return s;
}

}  // namespace zeropoint
