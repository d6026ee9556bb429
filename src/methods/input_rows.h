// What a product multiplies its weight matrix [out, in] with, as rows of length `in`: the rows that a Hessian sums.
//
// MatMul and Gemm read the rows of their input (Gemm with transA its columns), Conv reads one row per output position:
// the window's values, channel by channel, 0 in the padding (unfolding, or im2col).
#pragma once

#include <cstdint>
#include <string>

#include "graph/graph.h"
#include "kernels/dense/dense.h"

namespace zeropoint {

/// Equal for nodes that make the same rows of the same input: their Hessian is the same.
std::string input_rows_key(const Node& node, const Shape& weight);

/// Adds the rows of `x` to `sum`. `weight` is the shape that the node reads. Throws invalid_data when x does not fit.
void add_input_rows(const Node& node, std::int64_t opset, const Shape& weight, const Tensor& x, GramMatrix& sum);

/// How many rows add_input_rows() adds of an input of this shape. Throws as it does.
std::int64_t count_input_rows(const Node& node, std::int64_t opset, const Shape& weight, const Shape& x);

}  // namespace zeropoint
