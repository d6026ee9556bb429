// The range of a grid that gives the smallest squared error, clipping included.
//
// Both ends shrink by the same factor, from 1 down to 0.2 in steps of a hundredth; of equal errors the wider range
// wins. It is what quantizers of language models call the MSE search.
#pragma once

#include <cstdint>

#include "methods/matrix_grid.h"

namespace zeropoint {

/// The grid for n finite values whose extremes are min and max. Errors are those of kernels/grid_errors.
QParams search_clipped_grid(const MatrixGridRule& rule, const float* x, std::int64_t n, float min, float max);

}  // namespace zeropoint
