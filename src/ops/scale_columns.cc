#include "ops/scale_columns.h"

#include <algorithm>

#include "base/parallel.h"
#include "ops/elementwise.h"

namespace zeropoint {

void require_column_values(const OpSite& site, std::size_t input, std::int64_t columns, std::string_view role) {
  if (!site.has(input)) return;
  const ValueFacts& facts = site.input(input);
  const std::int64_t count = element_count(facts.shape);
  if (facts.dtype != DType::f32 || (count != 1 && count != columns)) {
    site.invalid("{} is {} {}; one float32, or one for each of {} columns, is expected", role, name(facts.dtype),
                 to_string(facts.shape), columns);
  }
}

void scale_columns(const std::int32_t* acc, std::int64_t rows, std::int64_t columns, std::span<const float> scale,
                   std::span<const float> bias, float* y) {
  const std::int64_t scale_step = scale.size() > 1 ? 1 : 0;
  const std::int64_t bias_step = bias.size() > 1 ? 1 : 0;
  parallel_ranges(rows, std::max<std::int64_t>(1, kCheapGrain / std::max<std::int64_t>(columns, 1)),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t i = begin * columns; i < end * columns; i += columns) {
                      for (std::int64_t c = 0; c < columns; ++c) {
                        const float value =
                            static_cast<float>(acc[i + c]) * scale[static_cast<std::size_t>(c * scale_step)];
                        y[i + c] = bias.empty() ? value : value + bias[static_cast<std::size_t>(c * bias_step)];
                      }
                    }
                  });
}

}  // namespace zeropoint
