// QLinearMatMul and MatMulInteger: matrix products of codes, by the integer library. Where all inputs but the left-hand
// factor are constants, they are checked and packed when the plan is made.
#include <algorithm>
#include <optional>

#include "integer/matmul_layer.h"
#include "ops/arguments.h"
#include "ops/matrix_product.h"
#include "ops/quantized_operand.h"

namespace zeropoint {
namespace {

/// `b`: which input is the right-hand factor. QLinearMatMul has scales in between.
template <std::size_t b>
std::vector<ValueFacts> infer(const OpSite& site) {
  const DType dtype = b == 1 ? DType::i32 : site.input(7).dtype;
  return {planned(site, dtype, matrix_stacks(site, site.input(0).shape, site.input(b).shape).result)};
}

/// One grid per column of the right-hand factor at most.
std::int64_t columns(const Shape& b) { return b.size() < 2 ? 1 : b.back(); }
int column_axis(const Tensor& b) { return b.rank() - 1; }

/// A product with a constant right-hand factor.
struct Prepared {
  integer::MatmulShape shape;
  integer::Operand a, b;
  Tensor packed;
};

/// nullopt: the integer library looks at the operands at every run.
std::optional<Prepared> prepare(const OpSite& site, std::size_t b, const TensorQParams& a_grid,
                                const TensorQParams& b_grids) {
  const Tensor codes = known(site, b);
  const integer::MatmulShape shape(site.input(0).shape, codes.shape(), integer::kMatmul);
  const auto left = integer::open_input(a_grid, integer::kMatmul);
  const int axis = codes.rank() < 2 ? integer::kOneGrid : column_axis(codes);
  const auto right = integer::open_operand({codes, b_grids}, axis, integer::kMatmul);
  if (!integer::PreparedMatmul::takes(shape, left, right)) return std::nullopt;
  const Tensor packed = site.shared(codes,
                                    fmt::format("integer matmul {} {} {}", name(codes.dtype()),
                                                to_string(codes.shape()), fmt::join(right.zero_points, " ")),
                                    [&] { return integer::PreparedMatmul::pack(shape, codes, right); });
  return Prepared{shape, left, right, packed};
}

std::optional<integer::MatmulLayer> prepare_layer(const OpSite& site) {
  if (!are_known(site, {1, 2, 3, 4, 5, 6, 7})) return std::nullopt;
  const auto p = prepare(site, 3, grids_of(site.input(0).dtype, known(site, 1), known(site, 2), 0),
                         grids_of(site.input(3).dtype, known(site, 4), known(site, 5), column_axis(known(site, 3))));
  if (!p) return std::nullopt;
  return integer::MatmulLayer(p->shape, p->a, p->b, p->packed, Tensor(), output_grid(known(site, 6), known(site, 7)),
                              Arithmetic::onnx);
}

std::optional<integer::PreparedMatmul> prepare_product(const OpSite& site) {
  if (!are_known(site, {1, 2, 3})) return std::nullopt;
  const auto p = prepare(site, 1, grids_of(site.input(0).dtype, Tensor(), known(site, 2), 0),
                         grids_of(site.input(1).dtype, Tensor(), known(site, 3), column_axis(known(site, 1))));
  if (!p) return std::nullopt;
  return integer::PreparedMatmul(p->shape, p->a.zero_points.front(), p->packed);
}

std::unique_ptr<Kernel> make_qlinear_matmul(const OpSite& site) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{3}, std::size_t{7}}) require_bytes(site, i);
  const std::int64_t n = columns(site.input(3).shape);
  require_scale(site, 1, 1);
  require_scale(site, 4, n);
  require_scale(site, 6, 1);
  require_zero_point(site, 2, 0, 1);
  require_zero_point(site, 5, 3, n);
  require_zero_point(site, 7, 7, 1);
  if (const auto layer = prepare_layer(site)) {
    return make_kernel([layer = *layer](const KernelIo& io) { layer.run(io.in(0), io.out(0)); });
  }
  return make_kernel([](const KernelIo& io) {
    const QuantizedTensor b = operand(io, 3, 4, 5, column_axis(io.in(3)));
    copy_out(integer::matmul(operand(io, 0, 1, 2, 0), b, Tensor(), output_grid(io, 6, 7)).codes, io.out(0));
  });
}

std::unique_ptr<Kernel> make_matmul_integer(const OpSite& site) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) require_bytes(site, i);
  require_zero_point(site, 2, 0, 1);
  require_zero_point(site, 3, 1, columns(site.input(1).shape));
  if (const auto product = prepare_product(site)) {
    return make_kernel([product = *product](const KernelIo& io) {
      auto* to = io.out(0).mutable_data<std::int32_t>();
      product.run(io.in(0), [&](const integer::RowRun& run) { std::copy_n(run.sums, run.n, to + run.begin); });
    });
  }
  return make_kernel([](const KernelIo& io) {
    const QuantizedTensor b = operand(io, 1, 1, 3, column_axis(io.in(1)));
    copy_out(integer::matmul_accumulators(operand(io, 0, 0, 2, 0), b), io.out(0));
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "QLinearMatMul",
     .since = 10,
     .infer = infer<3>,
     .make = make_qlinear_matmul,
     .float_types = "",
     .integer_types = "int8 uint8"},
    {.op_type = "MatMulInteger",
     .since = 10,
     .infer = infer<1>,
     .make = make_matmul_integer,
     .float_types = "",
     .integer_types = "int8 uint8"},
};

}  // namespace

std::span<const OpSpec> ops_qlinear_matmul() { return kOps; }

}  // namespace zeropoint
