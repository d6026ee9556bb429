#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/llm_int8/llm_int8.h"

namespace zeropoint::reference {
namespace {

constexpr float kLargestCode = 127;
constexpr float kInverse127 = 1.0F / 127.0F;

std::vector<bool> outlier_columns(const LlmInt8Product& p) {
  const float bound = p.threshold > 0 ? p.threshold : std::numeric_limits<float>::infinity();
  std::vector<bool> is_outlier(static_cast<std::size_t>(p.k));
  for (std::int64_t i = 0; i < p.m * p.k; ++i) {
    if (!(std::abs(p.x[i]) < bound)) is_outlier[static_cast<std::size_t>(i % p.k)] = true;
  }
  return is_outlier;
}

}  // namespace

void llm_int8_product(const LlmInt8Product& p, const std::int8_t* codes) {
  const std::vector<bool> is_outlier = outlier_columns(p);
  const auto is_regular = [&](std::int64_t k) { return !is_outlier[static_cast<std::size_t>(k)]; };
  for (std::int64_t m = 0; m < p.m; ++m) {
    const float* x = p.x + m * p.k;
    float absmax = 0;
    for (std::int64_t k = 0; k < p.k; ++k) {
      if (is_regular(k)) absmax = std::max(absmax, std::abs(x[k]));
    }
    const float factor = absmax > 0 ? std::min(kLargestCode / absmax, std::numeric_limits<float>::max()) : 0.0F;
    for (std::int64_t n = 0; n < p.n; ++n) {
      std::int32_t integer_sum = 0;
      float float_sum = 0;
      for (std::int64_t k = 0; k < p.k; ++k) {
        const int code = codes[n * p.k + k];
        if (is_regular(k)) {
          integer_sum += static_cast<int>(std::nearbyint(x[k] * factor)) * code;
        } else {
          float_sum += x[k] * (static_cast<float>(code) * p.absmax[n] * kInverse127);
        }
      }
      const float scaled = static_cast<float>(integer_sum) * (absmax * kInverse127) * (p.absmax[n] * kInverse127);
      const float y = scaled + float_sum;
      p.y[m * p.n + n] = p.bias != nullptr ? y + p.bias[n] : y;
    }
  }
}

}  // namespace zeropoint::reference
