// A quantized weight of any kind, and what is known of it before its numbers are.
//
// Kinds are few because they are ways to compute a float from a code; methods and file formats are many.
#pragma once

#include <string>
#include <variant>

#include "weights/absmax_rows.h"
#include "weights/codebook_matrix.h"
#include "weights/quantized_matrix.h"

namespace zeropoint {

/// int8 rows have nothing to choose.
struct AbsmaxRowsScheme {
  bool operator==(const AbsmaxRowsScheme&) const = default;
};

using WeightScheme = std::variant<MatrixScheme, AbsmaxRowsScheme, CodebookScheme>;
using QuantizedWeight = std::variant<QuantizedMatrix, AbsmaxRows, CodebookMatrix>;

Tensor dequantize(const QuantizedWeight& weight);  ///< float32 [rows, columns]

void dequantize_rows(const QuantizedWeight& weight, std::int64_t begin, std::int64_t end, float* values);

/// "int4 symmetric block 32", "int8 rows (LLM.int8)", "nf4 block 64, nested"
std::string to_string(const WeightScheme& scheme);

}  // namespace zeropoint
