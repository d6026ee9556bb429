#include <algorithm>

#include "integer/matmul_layer.h"

namespace zeropoint::integer {

namespace {

int column_axis(const QuantizedTensor& b) { return b.codes.rank() < 2 ? kOneGrid : b.codes.rank() - 1; }

}  // namespace

Tensor matmul_accumulators(const QuantizedTensor& a, const QuantizedTensor& b) {
  const Operand left = open_operand(a, kOneGrid, kMatmul);
  const Operand right = open_operand(b, column_axis(b), kMatmul);
  const MatmulShape shape(left.shape, right.shape, kMatmul);
  if (!PreparedMatmul::takes(shape, left, right)) return reference::matmul_accumulators(a, b);
  Tensor result = Tensor::allocate(DType::i32, shape.result);
  auto* to = result.mutable_data<std::int32_t>();
  const PreparedMatmul product(shape, left.zero_points.front(),
                               PreparedMatmul::pack(shape, codes_as_bytes(b.codes), right));
  product.run(codes_as_bytes(a.codes), [&](const RowRun& run) { std::copy_n(run.sums, run.n, to + run.begin); });
  return result;
}

QuantizedTensor matmul(const QuantizedTensor& a, const QuantizedTensor& b, const Tensor& bias,
                       const TensorQParams& output, Arithmetic arithmetic) {
  const Operand left = open_operand(a, kOneGrid, kMatmul);
  const Operand right = open_operand(b, column_axis(b), kMatmul);
  const MatmulShape shape(left.shape, right.shape, kMatmul);
  QuantizedTensor result{Tensor::allocate(output.scheme.dtype, shape.result), output};
  if (PreparedMatmul::takes(shape, left, right) && bits(output.scheme.dtype) >= 8) {
    const Tensor packed = PreparedMatmul::pack(shape, codes_as_bytes(b.codes), right);
    MatmulLayer(shape, left, right, packed, bias, output, arithmetic).run(codes_as_bytes(a.codes), result.codes);
    return result;
  }
  Tensor sums = matmul_accumulators(a, b);
  const ChannelBias add(bias, shape.n, BiasOverflow::error, kMatmul);
  const ChannelRequantizer requantizer(left, right, shape.n, output, arithmetic, kMatmul);
  for (std::int64_t begin = 0; begin < sums.size(); begin += shape.n) {
    std::int32_t* row = sums.mutable_data<std::int32_t>() + begin;
    add.add_to_row(row, shape.n, 0);
    requantizer.store_row(row, shape.n, 0, result.codes, begin);
  }
  return result;
}

}  // namespace zeropoint::integer
