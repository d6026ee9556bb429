#include "passes/matmul_nbits_weight.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kSmallestBlock = 16;
constexpr std::int64_t kLargestBlock = 256;  // that ONNX Runtime has kernels for
constexpr std::int64_t kBlockOfRows = 128;   // for grids of whole rows

/// The largest power of two in the scheme's block, up to kLargestBlock.
std::int64_t stored_block(const MatrixScheme& scheme) {
  if (scheme.per_tensor || scheme.block_size <= 0) return kBlockOfRows;
  return std::min(scheme.block_size & -scheme.block_size, kLargestBlock);
}

std::int64_t stored_bits(const MatrixScheme& scheme) { return scheme.bits == 3 ? 4 : scheme.bits; }

/// Codes in [0, 2^bits) one after the other, low bits first.
void pack(const std::vector<std::uint8_t>& codes, std::int64_t bits, std::uint8_t* to) {
  const auto per_byte = static_cast<std::size_t>(8 / bits);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (i % per_byte == 0) to[i / per_byte] = 0;
    to[i / per_byte] =
        static_cast<std::uint8_t>(to[i / per_byte] | codes[i] << (static_cast<std::size_t>(bits) * (i % per_byte)));
  }
}

}  // namespace

bool fits_matmul_nbits(const MatrixScheme& scheme) {
  return stored_block(scheme) >= kSmallestBlock && !scheme.act_order;
}

MatMulNBitsWeight matmul_nbits_weight(const QuantizedMatrix& matrix) {
  MatMulNBitsWeight weight{.bits = stored_bits(matrix.scheme), .block_size = stored_block(matrix.scheme)};
  const std::int64_t n = matrix.rows;
  const std::int64_t k = matrix.columns;
  const std::int64_t blocks = (k + weight.block_size - 1) / weight.block_size;
  const std::int64_t block_bytes = weight.block_size * weight.bits / 8;
  const std::int64_t zero_bytes = (blocks * weight.bits + 7) / 8;
  const int middle = 1 << (weight.bits - 1);
  weight.codes = Tensor::allocate(DType::u8, {n, blocks, block_bytes});
  weight.scales = Tensor::allocate(DType::f32, {n, blocks});
  if (matrix.zero_points) weight.zero_points = Tensor::allocate(DType::u8, {n, zero_bytes});
  const std::int64_t grids = matrix.scales.dim(1);
  const std::int64_t grid_columns = matrix.scheme.block_size > 0 ? matrix.scheme.block_size : k;
  parallel_ranges(n, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      std::vector<std::uint8_t> zeros;
      std::vector<std::uint8_t> codes;
      for (std::int64_t block = 0; block < blocks; ++block) {
        const std::int64_t grid = block * weight.block_size / grid_columns;
        const std::int64_t place = matrix.scheme.per_tensor ? 0 : row * grids + grid;
        weight.scales.mutable_data<float>()[row * blocks + block] = matrix.scales.data<float>()[place];
        const int zero = matrix.zero_points ? matrix.zero_points.data<std::int8_t>()[place] : 0;
        zeros.push_back(static_cast<std::uint8_t>(zero + middle));
        for (std::int64_t c = block * weight.block_size; c < (block + 1) * weight.block_size; ++c) {
          const int code = c < k ? matrix.codes.data<std::int8_t>()[row * k + c] : zero;
          codes.push_back(static_cast<std::uint8_t>(code + middle));
        }
      }
      pack(codes, weight.bits, weight.codes.mutable_data<std::uint8_t>() + row * blocks * block_bytes);
      if (weight.zero_points)
        pack(zeros, weight.bits, weight.zero_points.mutable_data<std::uint8_t>() + row * zero_bytes);
    }
  });
  return weight;
}

}  // namespace zeropoint
