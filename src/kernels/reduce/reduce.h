// Reductions of float32 arrays: to one value, or column by column.
//
// The order of additions is part of the definition: blocks of 1024 elements, in each block 64 running
// sums (element i goes to sum i % 64) that are folded in halves, the blocks added in double. The
// result is therefore the same on every instruction set, and accurate for millions of elements.
// Empty input gives the neutral element. NaN in the input gives NaN for every reduction.
#pragma once

#include <cstdint>

namespace zeropoint {

enum class ReduceF32 : std::uint8_t { sum, sum_abs, sum_squares, max, min, prod };
constexpr int kReduceF32Count = static_cast<int>(ReduceF32::prod) + 1;

/// 0 for sums, 1 for the product, -infinity for max, infinity for min.
double neutral(ReduceF32 op);

/// How two partial results combine.
double combine(ReduceF32 op, double a, double b);

/// op over f(x[i] - shift), where f is the identity, |.| or the square.
double reduce_f32(ReduceF32 op, const float* x, std::int64_t n, float shift = 0);

/// y[c] = combine(y[c], f(x[r][c])) for the rows in order; y starts with neutral() or an earlier result.
void accumulate_columns_f32(ReduceF32 op, const float* x, std::int64_t rows, std::int64_t cols, float* y);

namespace reference {
double reduce_f32(ReduceF32 op, const float* x, std::int64_t n, float shift = 0);
void accumulate_columns_f32(ReduceF32 op, const float* x, std::int64_t rows, std::int64_t cols, float* y);
}  // namespace reference

}  // namespace zeropoint
