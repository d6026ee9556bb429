// A weight matrix as numbers of the levels of a small table, in flat blocks with one factor each: NF4.
//
//   w'[i] = levels[code i] * absmax[i / block_size],     i = r * columns + c
//
// Blocks run through the matrix row after row and may begin in one row and end in the next; the last may be short.
// Source: Dettmers et al. 2023, "QLoRA: Efficient Finetuning of Quantized LLMs".
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct CodebookScheme {
  std::int64_t block_size = 64;
  bool double_quantization = false;  // the factors are themselves 8-bit codes

  bool operator==(const CodebookScheme&) const = default;
};

/// Factors as codes:  absmax[b] = levels[code b] * nested absmax[b / block_size] + offset.
struct NestedAbsmax {
  static constexpr std::int64_t kBlockSize = 256;
  Tensor codes;      // uint8 [blocks]
  Tensor absmax;     // float32 [ceil(blocks / block_size)]
  Tensor levels;     // float32 [256]
  float offset = 0;  // the mean of the factors, which was subtracted
  std::int64_t block_size = kBlockSize;
};

struct CodebookMatrix {
  CodebookScheme scheme;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Tensor codes;   // uint8 [ceil(rows * columns / 2)]: two codes a byte, the first in the high half
  Tensor levels;  // float32 [16], rising
  Tensor absmax;  // float32 [blocks]; absent with nested
  std::optional<NestedAbsmax> nested;
};

/// The 16 levels of NF4: quantiles of a normal distribution, scaled to [-1, 1], with an exact 0.
std::span<const float> nf4_levels();

/// 256 levels in [-1, 1] that are dense around 0: signs, seven decades, linear in each.
/// Source: Dettmers 2016, "8-Bit Approximations for Parallelism in Deep Learning" (dynamic tree quantization).
std::span<const float> dynamic_8bit_levels();

/// The factors of blocks [begin, end), also where they are nested.
void block_factors(const CodebookMatrix& matrix, std::int64_t begin, std::int64_t end, float* factors);

Tensor dequantize(const CodebookMatrix& matrix);  ///< float32 [rows, columns]

/// Rows [begin, end) of it, on the calling thread.
void dequantize_rows(const CodebookMatrix& matrix, std::int64_t begin, std::int64_t end, float* values);

}  // namespace zeropoint
