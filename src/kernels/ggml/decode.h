// The vector decoders: a run of dense blocks to floats, by the equations of blocks.h.
#pragma once

#include "kernels/ggml/ggml.h"

namespace zeropoint::kernels {

/// Q4_0 ... Q8_0 and Q2_K ... Q6_K.
void decode_blocks(GgmlType type, const std::byte* src, std::int64_t blocks, float* dst);

}  // namespace zeropoint::kernels
