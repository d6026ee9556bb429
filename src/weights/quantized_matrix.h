// A weight matrix as small integers, however a file packs them: what methods make, formats store and readers give back.
//
//   w'[r, c] = scales[r, g] * (codes[r, c] - zero_points[r, g]),   g = the grid of column c
//
// Codes are held one per byte and signed, [-2^(bits-1), 2^(bits-1) - 1], so that 0 is the middle of every width;
// a format that stores unsigned codes adds 2^(bits-1) to codes and zero points alike.
#pragma once

#include <cstdint>
#include <string>

#include "zeropoint/tensor.h"

namespace zeropoint {

/// What is known of a quantized matrix before its numbers are: enough to lay out a file.
struct MatrixScheme {
  int bits = 8;                 // 2, 3, 4 or 8
  bool symmetric = true;        // no zero points: all 0
  bool narrow_range = false;    // symmetric: the lowest code is not used
  bool per_tensor = false;      // one grid for the whole matrix
  std::int64_t block_size = 0;  // columns that share a grid; 0: a whole row. The last block may be short
  bool act_order = false;       // the grid of a column is given by `groups`, not by its place

  bool operator==(const MatrixScheme&) const = default;
};

struct QuantizedMatrix {
  MatrixScheme scheme;
  std::int64_t rows = 0;     // outputs
  std::int64_t columns = 0;  // inputs
  Tensor codes;              // int8 [rows, columns]
  Tensor scales;             // float32 [rows, grids]; [1, 1] per tensor
  Tensor zero_points;        // int8, shape of scales; absent when symmetric
  Tensor groups;             // int32 [columns], the grid of each column; only with act_order
};

/// Grids along one row: 1, or ceil(columns / block_size).
std::int64_t grids_per_row(const MatrixScheme& scheme, std::int64_t columns);

/// The shape of scales and zero points.
Shape matrix_grid_shape(const MatrixScheme& scheme, std::int64_t rows, std::int64_t columns);

/// Throws invalid_model, `where` naming file and tensor, when a part is missing or has another type or shape, or a
/// column belongs to a group that does not exist. For readers.
void check_matrix(const QuantizedMatrix& matrix, const std::string& where);

/// Float32 [rows, columns] by the equation above; the difference is exact, the product rounds once.
Tensor dequantize(const QuantizedMatrix& matrix);

/// Rows [begin, end) of it, on the calling thread.
void dequantize_rows(const QuantizedMatrix& matrix, std::int64_t begin, std::int64_t end, float* values);

}  // namespace zeropoint
