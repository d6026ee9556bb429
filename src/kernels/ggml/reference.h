// The block formats one block at a time. reference::ggml_quantize is a loop over these; the vector encoders call them
// for the blocks at the end of a tensor and for those whose numbers leave the ordinary range.
#pragma once

#include "kernels/ggml/blocks.h"

namespace zeropoint::kernels::reference {

/// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0: scales from the extremes.
Block encode_block(GgmlType type, const float* x);

/// Q4_0, Q4_1, Q5_0, Q5_1: scales by search. `row_variance`: the mean of x^2 over the whole row.
Block encode_weighted_block(GgmlType type, const float* x, const float* importance, float row_variance);
float mean_square(const float* row, std::int64_t columns);

/// Q2_K ... Q6_K. `importance`: 256 weights, or null.
SuperBlock encode_super_block(GgmlType type, const float* x, const float* importance);

void decode_block(GgmlType type, const std::byte* src, float* dst);
void decode_super_block(GgmlType type, const std::byte* src, float* dst);

}  // namespace zeropoint::kernels::reference
