// A weight matrix as int8 codes with one largest magnitude per row: LLM.int8().
//
//   w'[r, c] = codes[r, c] * absmax[r] / 127        computed as (codes * absmax) * float32(1 / 127)
//
// The factor is the magnitude itself and not a scale, so that the values are those of the library that defined it.
// Source: Dettmers et al. 2022, "LLM.int8(): 8-bit Matrix Multiplication for Transformers at Scale".
#pragma once

#include <cstdint>

#include "zeropoint/tensor.h"

namespace zeropoint {

struct AbsmaxRows {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  Tensor codes;   // int8 [rows, columns], in [-127, 127]
  Tensor absmax;  // float32 [rows]
};

Tensor dequantize(const AbsmaxRows& matrix);  ///< float32 [rows, columns]

/// Rows [begin, end) of it, on the calling thread.
void dequantize_rows(const AbsmaxRows& matrix, std::int64_t begin, std::int64_t end, float* values);

}  // namespace zeropoint
