// The vector encoders: a run of blocks of one matrix.
#pragma once

#include "kernels/ggml/ggml.h"

namespace zeropoint::kernels {

/// What is encoded: rows * columns values, dense; `importance` has one weight per column, or is null.
struct EncodeTask {
  GgmlType type;
  const float* src;
  std::int64_t columns;
  const float* importance;
  std::byte* dst;
};

/// Q2_K ... Q6_K: blocks [begin, end) of the whole matrix.
void encode_super_blocks(const EncodeTask& task, std::int64_t begin, std::int64_t end);

/// Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 without importance: blocks [begin, end).
void encode_blocks(const EncodeTask& task, std::int64_t begin, std::int64_t end);

/// Q4_0, Q4_1, Q5_0, Q5_1 with importance: rows [begin, end).
void encode_weighted_rows(const EncodeTask& task, std::int64_t begin, std::int64_t end);

/// Rows that encode_weighted_rows() likes to have at once.
constexpr std::int64_t kRowsAtOnce = 16;

}  // namespace zeropoint::kernels
