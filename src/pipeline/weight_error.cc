#include "pipeline/weight_error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "kernels/reduce/reduce.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work

struct Power {
  double signal = 0;
  double noise = 0;
};

}  // namespace

double sqnr_db(const Tensor& weight, const QuantizedWeight& quantized) {
  const std::int64_t columns = weight.dim(1);
  const std::int64_t rows_per_piece = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(columns, 1));
  std::vector<Power> pieces(static_cast<std::size_t>((weight.dim(0) + rows_per_piece - 1) / rows_per_piece));
  parallel_ranges(weight.dim(0), rows_per_piece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    const float* x = load_f32(weight, begin * columns, end * columns, buffer);
    std::vector<float> row(static_cast<std::size_t>(columns));
    Power& power = pieces[static_cast<std::size_t>(begin / rows_per_piece)];
    for (std::int64_t r = begin; r < end; ++r, x += columns) {
      float* difference = row.data();
      dequantize_rows(quantized, r, r + 1, difference);
#pragma omp simd
      for (std::int64_t c = 0; c < columns; ++c) difference[c] -= x[c];
      power.signal += reduce_f32(ReduceF32::sum_squares, x, columns);
      power.noise += reduce_f32(ReduceF32::sum_squares, difference, columns);
    }
  });
  Power total;
  for (const Power& piece : pieces) {
    total.signal += piece.signal;
    total.noise += piece.noise;
  }
  if (total.noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(total.signal / total.noise);
}

}  // namespace zeropoint
