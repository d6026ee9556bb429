#include <algorithm>
#include <map>

#include "base/parallel.h"
#include "integer/accumulators.h"
#include "integer/matmul_shape.h"
#include "integer/product.h"

namespace zeropoint::integer {
namespace {

constexpr std::string_view kWhere = "integer matmul";
constexpr std::int64_t kRowsPerChunk = 32;

int column_axis(const QuantizedTensor& b) { return b.codes.rank() < 2 ? kOneGrid : b.codes.rank() - 1; }

bool is_narrow(const Operand& a, const Operand& b) {
  constexpr std::int64_t kBytes = 255;
  return a.codes.max - a.codes.min <= kBytes && b.codes.max - b.codes.min <= kBytes;
}

ColumnMatrix columns_of(const std::int16_t* codes, std::int64_t k, std::int64_t n) {
  ColumnMatrix columns(k, n);
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t j = 0; j < n; ++j) columns.set(i, j, codes[i * n + j]);
  }
  columns.add_up();
  return columns;
}

}  // namespace

Tensor matmul_accumulators(const QuantizedTensor& a, const QuantizedTensor& b) {
  const Operand left = open_operand(a, kOneGrid, kWhere);
  const Operand right = open_operand(b, column_axis(b), kWhere);
  const MatmulShape shape(left.shape, right.shape, kWhere);
  if (!is_narrow(left, right) || !fits_int32(shape.k, left, right)) return reference::matmul_accumulators(a, b);

  const std::vector<std::int16_t> a_codes = codes_as_int16(a.codes);
  const std::vector<std::int16_t> b_codes = codes_as_int16(b.codes);
  Tensor result = Tensor::allocate(DType::i32, shape.result);
  auto* c = result.mutable_data<std::int32_t>();
  std::map<std::int64_t, ColumnMatrix> packed;  // of each matrix of b, by index
  for (std::int64_t i = 0; i < shape.batches(); ++i) {
    const Broadcast::Offsets at = shape.matrices(i);
    auto columns = packed.find(at.b);
    if (columns == packed.end()) {
      const std::int16_t* codes = b_codes.data() + at.b * shape.k * shape.n;
      columns = packed.emplace(at.b, columns_of(codes, shape.k, shape.n)).first;
    }
    const RowMatrix rows({a_codes.data() + at.a * shape.m * shape.k, static_cast<std::size_t>(shape.m * shape.k)},
                         shape.m, shape.k);
    parallel_ranges(shape.m, kRowsPerChunk, [&](std::int64_t first, std::int64_t last) {
      multiply(rows, first, last, columns->second, left.zero_points, right.zero_points, c + i * shape.m * shape.n,
               shape.n);
    });
  }
  return result;
}

QuantizedTensor matmul(const QuantizedTensor& a, const QuantizedTensor& b, const Tensor& bias,
                       const TensorQParams& output, Arithmetic arithmetic) {
  Tensor accumulators = matmul_accumulators(a, b);
  const Operand left = open_operand(a, kOneGrid, kWhere);
  const Operand right = open_operand(b, column_axis(b), kWhere);
  const std::int64_t n = b.codes.rank() < 2 ? 1 : b.codes.dim(b.codes.rank() - 1);
  const ChannelLayout layout{.outer = n == 0 ? 0 : accumulators.size() / n, .channels = n};
  add_bias(accumulators, layout, bias, kWhere);
  return requantize_channels(accumulators, layout, left, right, output, arithmetic, kWhere);
}

}  // namespace zeropoint::integer
