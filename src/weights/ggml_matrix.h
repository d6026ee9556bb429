// Blocks of GGUF files as a matrix of codes with scales, and back, where both say exactly the same.
//
// Blocks whose values are an integer times a scale are such matrices: Q4_0, Q5_0 and Q8_0 with the float16 scale d of
// 32 values, Q3_K and Q6_K with d * scale of 16 values, a product of 11 and at most 8 bits that float32 holds exactly.
// Scales may be negative: the lowest code stands for the value of largest magnitude. Blocks that count from a float
// minimum (Q4_1, Q5_1, Q2_K, Q4_K, Q5_K) have no integer zero point.
//
// The way back goes to blocks of 32 values, which hold code - zero_point: [-8, 7] in Q4_0, [-16, 15] in Q5_0, int8 in
// Q8_0.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/ggml/ggml.h"
#include "weights/quantized_matrix.h"

namespace zeropoint {

/// The scheme of such a matrix: codes of 5 and 6 bits take 8. nullopt for blocks with a minimum, and for floats.
std::optional<MatrixScheme> scheme_of_blocks(kernels::GgmlType type);

/// `bytes` are rows * columns / block size blocks of a type that has a scheme. Throws invalid_model, `where` naming
/// file and tensor, for a scale that is not finite.
QuantizedMatrix matrix_of_blocks(kernels::GgmlType type, std::span<const std::byte> bytes, std::int64_t rows,
                                 std::int64_t columns, const std::string& where);

/// The smallest of Q4_0, Q5_0 and Q8_0 whose blocks hold every code less zero point, each under one scale; nullopt
/// where none does: rows or grids that are no multiple of 32 values, act-order, affine codes of 8 bits.
std::optional<kernels::GgmlType> blocks_for(const MatrixScheme& scheme, std::int64_t columns);

/// One row of a matrix as blocks of that type, columns / 32 of them. Throws invalid_data, `where` naming file and
/// tensor, for a scale that float16 does not hold exactly.
void write_blocks(kernels::GgmlType type, const QuantizedMatrix& matrix, std::int64_t row, std::byte* blocks,
                  const std::string& where);

}  // namespace zeropoint
