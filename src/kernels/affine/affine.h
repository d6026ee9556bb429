// One factor and one offset per channel: y = x * scale + offset, in two roundings.
#pragma once

#include <cstdint>

namespace zeropoint {

/// Channels lie together: x is [rows, channels].
void affine_columns_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                        std::int64_t channels);

/// Each channel is a row of `columns` elements: x is [rows, columns], row r belongs to channel r % channels.
void affine_rows_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                     std::int64_t channels, std::int64_t columns);

namespace reference {
void affine_columns_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                        std::int64_t channels);
void affine_rows_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                     std::int64_t channels, std::int64_t columns);
}  // namespace reference

}  // namespace zeropoint
