// QLinearMatMul and MatMulInteger: matrix products of codes, by the integer library.
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

std::unique_ptr<Kernel> make_qlinear_matmul(const OpSite& site) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{3}, std::size_t{7}}) require_bytes(site, i);
  const std::int64_t n = columns(site.input(3).shape);
  require_scale(site, 1, 1);
  require_scale(site, 4, n);
  require_scale(site, 6, 1);
  require_zero_point(site, 2, 0, 1);
  require_zero_point(site, 5, 3, n);
  require_zero_point(site, 7, 7, 1);
  return make_kernel([](const KernelIo& io) {
    const QuantizedTensor b = operand(io, 3, 4, 5, column_axis(io.in(3)));
    copy_out(integer::matmul(operand(io, 0, 1, 2, 0), b, Tensor(), output_grid(io, 6, 7)).codes, io.out(0));
  });
}

std::unique_ptr<Kernel> make_matmul_integer(const OpSite& site) {
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) require_bytes(site, i);
  require_zero_point(site, 2, 0, 1);
  require_zero_point(site, 3, 1, columns(site.input(1).shape));
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
