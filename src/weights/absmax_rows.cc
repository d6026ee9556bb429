#include "weights/absmax_rows.h"

#include <algorithm>

#include "base/parallel.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work
constexpr float kInverse127 = 1.0F / 127.0F;

}  // namespace

Tensor dequantize(const AbsmaxRows& matrix) {
  Tensor x = Tensor::allocate(DType::f32, {matrix.rows, matrix.columns});
  const std::int64_t grain = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(matrix.columns, 1));
  const auto* codes = matrix.codes.data<std::int8_t>();
  auto* values = x.mutable_data<float>();
  parallel_ranges(matrix.rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const float absmax = matrix.absmax.data<float>()[r];
      for (std::int64_t i = r * matrix.columns; i < (r + 1) * matrix.columns; ++i) {
        values[i] = static_cast<float>(codes[i]) * absmax * kInverse127;
      }
    }
  });
  return x;
}

}  // namespace zeropoint
