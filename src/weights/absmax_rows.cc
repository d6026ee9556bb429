#include "weights/absmax_rows.h"

#include <algorithm>

#include "base/parallel.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work
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

Tensor dequantize(const AbsmaxRows& matrix) {
  Tensor x = Tensor::allocate(DType::f32, {matrix.rows, matrix.columns});
  auto* values = x.mutable_data<float>();
  parallel_ranges(matrix.rows, std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(matrix.columns, 1)),
                  [&](std::int64_t begin, std::int64_t end) {
                    dequantize_rows(matrix, begin, end, values + begin * matrix.columns);
                  });
  return x;
}

}  // namespace zeropoint
