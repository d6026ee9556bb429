// Round to nearest: every weight becomes the nearest code of its grid, and grids come from the weights alone.
//
// Works through the matrix row by row, so that a row is still in the cache when its codes are computed.
#pragma once

#include <string>

#include "methods/method.h"

namespace zeropoint {

struct RoundToNearestOptions {
  GridStorage storage;
  bool clip_search = false;  // choose every grid by squared error instead of by its extremes
};

/// `weight` is [rows, columns] of float32, float16 or bfloat16. Throws invalid_data naming `where` and the index of a
/// NaN or an infinity.
QuantizedMatrix round_to_nearest(const Tensor& weight, const MatrixScheme& scheme, const RoundToNearestOptions& options,
                                 const std::string& where);

/// Method::quantize() of the methods whose schemes are MatrixSchemes and need no more than this.
QuantizedWeight round_weight_to_nearest(const Tensor& weight, const WeightScheme& scheme, const MethodOptions& options,
                                        const GridStorage& storage, const std::string& where);

/// A matrix with room for the codes and grids of a scheme; their values are not set.
QuantizedMatrix allocate_matrix(const MatrixScheme& scheme, std::int64_t rows, std::int64_t columns);

/// The same into a matrix of allocate_matrix(), whose shape and scheme it takes.
void round_to_nearest_into(QuantizedMatrix& to, const Tensor& weight, const RoundToNearestOptions& options,
                           const std::string& where);

}  // namespace zeropoint
