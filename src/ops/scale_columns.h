// From the int32 accumulators of a matrix product back to real values: y = acc * scale + bias, the scale and
// the bias one for all columns or one per column.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ops/op.h"

namespace zeropoint {

/// A float input of one value or one per column; empty when absent. Throws invalid_model for another shape.
void require_column_values(const OpSite& site, std::size_t input, std::int64_t columns, std::string_view role);

/// scale: 1 or `columns` values. bias: 0, 1 or `columns` values.
void scale_columns(const std::int32_t* acc, std::int64_t rows, std::int64_t columns, std::span<const float> scale,
                   std::span<const float> bias, float* y);

}  // namespace zeropoint
