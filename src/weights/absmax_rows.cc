#include "weights/absmax_rows.h"

#include "weights/all_rows.h"

namespace zeropoint {
namespace {

constexpr float kInverse127 = 1.0F / 127.0F;

}  // namespace

void dequantize_rows(const AbsmaxRows& matrix, std::int64_t begin, std::int64_t end, float* values) {
  const auto* codes = matrix.codes.data<std::int8_t>() + begin * matrix.columns;
  for (std::int64_t r = begin; r < end; ++r, codes += matrix.columns, values += matrix.columns) {
    const float absmax = matrix.absmax.data<float>()[r];
#pragma omp simd
    for (std::int64_t c = 0; c < matrix.columns; ++c) values[c] = static_cast<float>(codes[c]) * absmax * kInverse127;
  }
}

Tensor dequantize(const AbsmaxRows& matrix) { return dequantize_all_rows(matrix); }

}  // namespace zeropoint
