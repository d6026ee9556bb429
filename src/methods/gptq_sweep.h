// The sweep of GPTQ over the columns of a matrix, for all rows at once.
#pragma once

#include <vector>

#include "methods/gptq.h"
#include "methods/gptq_factor.h"
#include "weights/quantized_matrix.h"

namespace zeropoint {

/// Fills the codes of `to`, and its grids unless they are static: then they are those of `rounded`, which both share.
/// Weights of dead columns count as 0. Returns the sum of the squared errors e of every row: its loss with the damped
/// Hessian, within rounding (docs/gptq.md, below equation (6)).
std::vector<double> gptq_sweep(const Tensor& weight, const GptqFactor& factor, const GptqOptions& options,
                               const QuantizedMatrix& rounded, QuantizedMatrix& to);

}  // namespace zeropoint
