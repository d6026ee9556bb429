// Transposes a small matrix whose rows are dense on both sides: dst[r][c] = src[c][r].
#pragma once

#include <cstddef>
#include <cstdint>

namespace zeropoint {

/// Elements of 1, 2, 4, 8 or 16 bytes at any alignment. The steps, in bytes, lead from row to row of dst and from row
/// to row of src. dst has `rows` rows of `columns` elements.
void transpose_tile(std::size_t element_bytes, std::byte* dst, std::int64_t dst_step, const std::byte* src,
                    std::int64_t src_step, std::int64_t rows, std::int64_t columns);

/// to[c][r] = from[r][c] for r < rows and c < columns. The steps count floats.
void transpose_tile_f32(const float* from, std::int64_t from_step, std::int64_t rows, std::int64_t columns, float* to,
                        std::int64_t to_step);

}  // namespace zeropoint
