#include <algorithm>
#include <cmath>

#include "kernels/gptq/gptq_columns.h"

namespace zeropoint::reference {

void gptq_columns(const GptqColumns& g) {
  for (std::int64_t row = 0; row < kGptqRows; ++row) {
    const auto weight = [&](std::int64_t column) -> float& { return g.weights[column * kGptqRows + row]; };
    for (std::int64_t i = g.begin; i < g.end; ++i) {
      const float* factor = g.factor + i * g.factor_step;
      const float q = std::clamp(std::nearbyint(weight(i) / g.scales[row]) + g.zero_points[row],
                                 static_cast<float>(g.range.min), static_cast<float>(g.range.max));
      const float error = (weight(i) - (q - g.zero_points[row]) * g.scales[row]) / factor[i];
      g.codes[i * kGptqRows + row] = static_cast<std::int8_t>(q);
      g.errors[i * kGptqRows + row] = error;
      for (std::int64_t j = i + 1; j < g.width; ++j) weight(j) = std::fma(-error, factor[j], weight(j));
    }
  }
}

}  // namespace zeropoint::reference
