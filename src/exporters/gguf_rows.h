// The rows of one weight in GGUF's order, quantized a batch at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "kernels/ggml/ggml.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

struct GgufRows {
  Tensor weight;                    // float32, float16, bfloat16 or float64, as Hugging Face orders it
  bool is_transposed = false;       // a matrix that is stored [in, out]
  std::int64_t permuted_heads = 0;  // heads whose rows GGUF interleaves; 0: none
  kernels::GgmlType type = kernels::GgmlType::f32;
  std::span<const float> importance;  // per column, or empty
  std::string where;                  // file and tensor
};

/// Calls `write` with the bytes of consecutive batches and the number of values in each. Threads share a batch; the
/// bytes do not depend on their number. Throws invalid_data for a value that is not finite, or beyond float16's range
/// where the type is F16.
void write_rows(const GgufRows& rows,
                const std::function<void(std::span<const std::byte> bytes, std::int64_t values)>& write);

}  // namespace zeropoint
