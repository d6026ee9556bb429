#include "pipeline/weight_error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "kernels/elementwise/binary.h"
#include "kernels/reduce/reduce.h"
#include "tensor/reals.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kGrain = 64 * 1024;  // elements per piece of work
constexpr std::int64_t kStep = 2048;        // elements that stay in the first cache between two passes

}  // namespace

WeightPower& WeightPower::operator+=(const WeightPower& other) {
  signal += other.signal;
  noise += other.noise;
  return *this;
}

double WeightPower::sqnr_db() const {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

WeightPower power_of(const Tensor& weight, const QuantizedWeight& quantized) {
  const std::int64_t columns = weight.dim(1);
  const std::int64_t rows_per_piece = std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(columns, 1));
  std::vector<WeightPower> pieces(static_cast<std::size_t>((weight.dim(0) + rows_per_piece - 1) / rows_per_piece));
  parallel_ranges(weight.dim(0), rows_per_piece, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> buffer;
    std::vector<float> row(static_cast<std::size_t>(columns));
    WeightPower& power = pieces[static_cast<std::size_t>(begin / rows_per_piece)];
    for (std::int64_t r = begin; r < end; ++r) {
      dequantize_rows(quantized, r, r + 1, row.data());
      for (std::int64_t c = 0; c < columns; c += kStep) {
        const std::int64_t n = std::min(kStep, columns - c);
        float* difference = row.data() + c;
        const float* x = load_f32(weight, r * columns + c, r * columns + c + n, buffer);
        binary_f32(BinaryF32::sub, {difference, n, 1}, {x, n, 1}, difference, 1, n);
        power.signal += reduce_f32(ReduceF32::sum_squares, x, n);
        power.noise += reduce_f32(ReduceF32::sum_squares, difference, n);
      }
    }
  });
  WeightPower total;
  for (const WeightPower& piece : pieces) total += piece;
  return total;
}

}  // namespace zeropoint
