#include "integer/matmul_layer.h"

namespace zeropoint::integer {

MatmulLayer::MatmulLayer(const MatmulShape& shape, const Operand& a, const Operand& b, const Tensor& packed,
                         const Tensor& bias, const TensorQParams& output, Arithmetic arithmetic)
    : bias_(bias, shape.n, BiasOverflow::error, kMatmul),
      requantizer_(a, b, shape.n, output, arithmetic, kMatmul),
      product_(shape, a.zero_points.front(), packed) {}

void MatmulLayer::run(const Tensor& a, Tensor& codes) const {
  product_.run(a, [&](const RowRun& run) {
    bias_.add_to_row(run.sums, run.n, run.column);
    requantizer_.store_row(run.sums, run.n, run.column, codes, run.begin);
  });
}

}  // namespace zeropoint::integer
