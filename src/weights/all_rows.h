// A whole matrix from its dequantize_rows(), for every kind of quantized matrix.
#pragma once

#include <algorithm>

#include "base/parallel.h"
#include "zeropoint/tensor.h"

namespace zeropoint {

/// float32 [rows, columns], many rows at a time on each thread.
template <class Matrix>
Tensor dequantize_all_rows(const Matrix& matrix) {
  constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work
  Tensor x = Tensor::allocate(DType::f32, {matrix.rows, matrix.columns});
  if (x.size() == 0) return x;
  auto* values = x.template mutable_data<float>();
  parallel_ranges(matrix.rows, std::max<std::int64_t>(1, kGrain / matrix.columns),
                  [&](std::int64_t begin, std::int64_t end) {
                    dequantize_rows(matrix, begin, end, values + begin * matrix.columns);
                  });
  return x;
}

}  // namespace zeropoint
