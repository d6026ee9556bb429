// The inner loop of GPTQ: quantize columns one after the other, and let the columns behind them make up for the error.
//
//   q = clamp(rint(w_i / scale) + zero_point)      e_i = (w_i - scale (q - zero_point)) / U[i, i]
//   w_j -= e_i U[i, j]   for the columns j > i of the block
//
// A block of the weight matrix lies column by column, so that a vector holds neighbouring rows: they do not depend on
// each other. Single-threaded.
#pragma once

#include <cstdint>

#include "zeropoint/quant.h"

namespace zeropoint {

// Rows of a block: fixed, so that columns start at cache lines. A block with fewer rows has any finite values there.
constexpr std::int64_t kGptqRows = 96;

struct GptqColumns {
  std::int64_t begin = 0;  // the columns to quantize, all on one grid per row
  std::int64_t end = 0;
  std::int64_t width = 0;         // columns of the block
  float* weights = nullptr;       // [width][kGptqRows], 64-byte aligned like all that follow
  float* errors = nullptr;        // [width][kGptqRows]
  std::int8_t* codes = nullptr;   // [width][kGptqRows]
  const float* scales = nullptr;  // [kGptqRows]
  const float* zero_points = nullptr;
  CodeRange range;
  const float* factor = nullptr;  // U of the block: upper triangle, factor_step elements from row to row; any alignment
  std::int64_t factor_step = 0;
};

void gptq_columns(const GptqColumns& columns);

namespace reference {
/// The same bits on every CPU that has fused multiply-adds; elsewhere equal within rounding.
void gptq_columns(const GptqColumns& columns);
}  // namespace reference

}  // namespace zeropoint
