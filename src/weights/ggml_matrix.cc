#include "weights/ggml_matrix.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/fail.h"
#include "base/float16.h"
#include "base/parallel.h"
#include "kernels/ggml/blocks.h"

namespace zeropoint {
namespace {

using kernels::GgmlType;

/// value = scale * (stored code - zero)
struct CodedBlocks {
  GgmlType type;
  int bits;  // that hold the codes: 2, 3, 4 or 8
  int zero;
  std::int64_t grid;  // values that share a scale
};

constexpr CodedBlocks kCodedBlocks[] = {
    {GgmlType::q4_0, 4, 8, 32}, {GgmlType::q5_0, 8, 16, 32}, {GgmlType::q8_0, 8, 0, 32},
    {GgmlType::q3_k, 3, 4, 16}, {GgmlType::q6_k, 8, 32, 16},
};

const CodedBlocks* find_blocks(GgmlType type) {
  const auto* row = std::ranges::find(kCodedBlocks, type, &CodedBlocks::type);
  return row == std::end(kCodedBlocks) ? nullptr : row;
}

void decode(const CodedBlocks& blocks, const kernels::Block& block, std::int8_t* codes, float* scales) {
  scales[0] = f16_to_f32(block.d);
  for (int i = 0; i < kernels::kBlock; ++i) {
    codes[i] = static_cast<std::int8_t>(static_cast<std::int8_t>(block.codes[i]) - blocks.zero);
  }
}

void decode(const CodedBlocks& blocks, const kernels::SuperBlock& block, std::int8_t* codes, float* scales) {
  const float d = f16_to_f32(block.d);
  for (int j = 0; j < kernels::kSuperBlock / blocks.grid; ++j) scales[j] = d * static_cast<float>(block.scales[j]);
  for (int i = 0; i < kernels::kSuperBlock; ++i) {
    codes[i] = static_cast<std::int8_t>(static_cast<int>(block.codes[i]) - blocks.zero);
  }
}

template <class Block>
void decode_all(const CodedBlocks& blocks, std::span<const std::byte> bytes, QuantizedMatrix& matrix) {
  constexpr std::int64_t kGrain = 1 << 14;  // values per piece of work
  const std::int64_t values = kernels::ggml_block_size(blocks.type);
  const auto block_bytes = kernels::ggml_block_bytes(blocks.type);
  auto* codes = matrix.codes.mutable_data<std::int8_t>();
  auto* scales = matrix.scales.mutable_data<float>();
  parallel_ranges(matrix.codes.size() / values, kGrain / values, [&](std::int64_t begin, std::int64_t end) {
    Block block;
    for (std::int64_t b = begin; b < end; ++b) {
      kernels::unpack(blocks.type, bytes.data() + static_cast<std::size_t>(b) * block_bytes, block);
      decode(blocks, block, codes + b * values, scales + b * values / blocks.grid);
    }
  });
}

}  // namespace

std::optional<MatrixScheme> scheme_of_blocks(GgmlType type) {
  const CodedBlocks* blocks = find_blocks(type);
  if (blocks == nullptr) return std::nullopt;
  return MatrixScheme{.bits = blocks->bits, .block_size = blocks->grid};
}

QuantizedMatrix matrix_of_blocks(GgmlType type, std::span<const std::byte> bytes, std::int64_t rows,
                                 std::int64_t columns, const std::string& where) {
  const CodedBlocks& blocks = *find_blocks(type);
  QuantizedMatrix matrix{.scheme = *scheme_of_blocks(type), .rows = rows, .columns = columns};
  matrix.codes = Tensor::allocate(DType::i8, {rows, columns});
  matrix.scales = Tensor::allocate(DType::f32, matrix_grid_shape(matrix.scheme, rows, columns));
  if (kernels::ggml_block_size(type) == kernels::kBlock) {
    decode_all<kernels::Block>(blocks, bytes, matrix);
  } else {
    decode_all<kernels::SuperBlock>(blocks, bytes, matrix);
  }
  for (const float scale : matrix.scales.values<float>()) {
    if (!std::isfinite(scale)) fail(ErrorKind::invalid_model, where, "has a scale of {}", scale);
  }
  return matrix;
}

std::optional<GgmlType> blocks_for(const MatrixScheme& scheme, std::int64_t columns) {
  const bool is_blocked = !scheme.per_tensor && scheme.block_size > 0 && scheme.block_size < columns;
  if (scheme.act_order || columns % kernels::kBlock != 0) return std::nullopt;
  if (is_blocked && scheme.block_size % kernels::kBlock != 0) return std::nullopt;
  // A difference of two codes of b bits takes b + 1.
  const int bits = scheme.symmetric ? scheme.bits : scheme.bits + 1;
  if (bits <= 4) return GgmlType::q4_0;
  if (bits <= 5) return GgmlType::q5_0;
  if (bits <= 8) return GgmlType::q8_0;
  return std::nullopt;
}

void write_blocks(GgmlType type, const QuantizedMatrix& matrix, std::int64_t row, std::byte* blocks,
                  const std::string& where) {
  const int zero = find_blocks(type)->zero;
  const std::int64_t grids = matrix.scales.dim(1);
  const std::int64_t first_grid = matrix.scheme.per_tensor ? 0 : row * grids;
  const std::int64_t grid_columns = matrix.scheme.block_size > 0 ? matrix.scheme.block_size : matrix.columns;
  const auto* codes = matrix.codes.data<std::int8_t>() + row * matrix.columns;
  for (std::int64_t c = 0; c < matrix.columns; c += kernels::kBlock) {
    const std::int64_t grid = first_grid + (matrix.scheme.per_tensor ? 0 : c / grid_columns);
    const float scale = matrix.scales.data<float>()[grid];
    const int zero_point = matrix.zero_points ? matrix.zero_points.data<std::int8_t>()[grid] : 0;
    kernels::Block block{.d = f32_to_f16(scale)};
    if (f16_to_f32(block.d) != scale) {
      fail(ErrorKind::invalid_data, where, "scale {} would be rounded to float16; quantize to GGUF from the floats",
           scale);
    }
    for (int i = 0; i < kernels::kBlock; ++i) {
      block.codes[i] = static_cast<std::uint8_t>(codes[c + i] - zero_point + zero);
    }
    kernels::pack(type, block,
                  blocks + static_cast<std::size_t>(c / kernels::kBlock) * kernels::ggml_block_bytes(type));
  }
}

}  // namespace zeropoint
