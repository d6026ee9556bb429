// A quantized matrix as MatMulNBits of com.microsoft stores it.
#pragma once

#include <cstdint>

#include "weights/quantized_matrix.h"

namespace zeropoint {

struct MatMulNBitsWeight {
  std::int64_t bits = 4;         // 2, 4 or 8; 3-bit codes take 4
  std::int64_t block_size = 32;  // a power of two from 16 to 256
  Tensor codes;                  // uint8 [N, blocks, block_size * bits / 8]
  Tensor scales;                 // float32 [N, blocks]
  Tensor zero_points;            // uint8 [N, ceil(blocks * bits / 8)]; absent when all are 2^(bits - 1)
};

/// Grids that span several blocks are repeated; the last block is filled up with zeros. Needs a block size (or whole
/// rows) with a power of two of at least 16 in it: false otherwise.
bool fits_matmul_nbits(const MatrixScheme& scheme);
MatMulNBitsWeight matmul_nbits_weight(const QuantizedMatrix& matrix);

}  // namespace zeropoint
