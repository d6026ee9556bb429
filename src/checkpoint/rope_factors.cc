#include "checkpoint/rope_factors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace zeropoint {
namespace {

constexpr double kTolerance = 1e-4;  // relative; the factors are float32

std::vector<float> values_of(const GgufFile& file, const GgufTensor& tensor) {
  std::vector<float> values;
  if (tensor.type->name != "F32") return values;
  values.resize(tensor.bytes / sizeof(float));
  if (tensor.bytes > 0) std::memcpy(values.data(), file.bytes(tensor).data(), tensor.bytes);
  return values;
}

bool are_near(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, [](float x, float y) { return std::abs(x - y) <= kTolerance * std::abs(y); });
}

}  // namespace

std::vector<float> rope_factors(const Llama3Scaling& scaling, double theta, std::int64_t head_size) {
  std::vector<float> factors;
  for (std::int64_t i = 0; i < head_size; i += 2) {
    const double frequency = std::pow(theta, -static_cast<double>(i) / static_cast<double>(head_size));
    factors.push_back(static_cast<float>(1 / scaling.slowing(frequency)));
  }
  return factors;
}

nlohmann::ordered_json scaling_of_factors(const GgufFile& file, const GgufTensor& factors,
                                          const nlohmann::ordered_json& config) {
  const std::vector<float> values = values_of(file, factors);
  if (!values.empty()) {
    const Llama3Scaling scaling{.factor = *std::ranges::max_element(values)};
    const double theta = rope_theta(Config(config, file.where()));
    if (are_near(values, rope_factors(scaling, theta, static_cast<std::int64_t>(2 * values.size())))) {
      return {{"rope_type", "llama3"},
              {"factor", scaling.factor},
              {"low_freq_factor", scaling.low_freq_factor},
              {"high_freq_factor", scaling.high_freq_factor},
              {"original_max_position_embeddings", static_cast<std::int64_t>(scaling.original_length)}};
    }
  }
  return {{"rope_type", "rope_freqs"}};
}

}  // namespace zeropoint
