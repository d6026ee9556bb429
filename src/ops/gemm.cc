#include "ops/arguments.h"
#include "ops/fused_activation.h"
#include "ops/matrix_product.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// A rank-2 operand, transposed or not.
struct Operand {
  std::int64_t rows;
  std::int64_t columns;
  MatrixView view;
};

Operand operand(const OpSite& site, std::size_t i, std::string_view attribute) {
  const Shape& shape = site.input(i).shape;
  if (shape.size() != 2) site.invalid("input {} has shape {}; a matrix is expected", i, to_string(shape));
  if (site.node.get_int(attribute, 0) == 0) return {shape[0], shape[1], {0, shape[1], 1}};
  return {shape[1], shape[0], {0, 1, shape[1]}};
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Operand a = operand(site, 0, "transA");
  const Operand b = operand(site, 1, "transB");
  if (a.columns != b.rows) {
    site.invalid("[{}, {}] and [{}, {}] cannot be multiplied", a.rows, a.columns, b.rows, b.columns);
  }
  for (std::size_t i = 1; i < site.inputs.size(); ++i) {
    if (site.has(i) && site.input(i).dtype != site.input(0).dtype) {
      site.invalid("input 0 is {}, input {} is {}", name(site.input(0).dtype), i, name(site.input(i).dtype));
    }
  }
  Shape shape = {a.rows, b.columns};
  if (site.has(2) && broadcast_shape(site, shape, site.input(2).shape) != shape) {
    site.invalid("C has shape {}, which does not broadcast to {}", to_string(site.input(2).shape), to_string(shape));
  }
  return {planned(site, site.input(0).dtype, std::move(shape))};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Operand a = operand(site, 0, "transA");
  const Operand b = operand(site, 1, "transB");
  return make_product(site, {.m = a.rows,
                             .n = b.columns,
                             .k = a.columns,
                             .b = {b.view},
                             .items = {{.a = a.view}},
                             .alpha = site.node.get_float("alpha", 1),
                             .beta = site.node.get_float("beta", 1),
                             .addend = site.has(2) ? site.input(2).shape : Shape{},
                             .activation = fused_activation(site.node)});
}

constexpr std::string_view kTypes = "all floats, int32 int64 uint32 uint64";

constexpr OpSpec kOps[] = {
    {.op_type = "Gemm", .infer = infer, .make = halves_too<infer, make>, .float_types = kTypes},
    {.op_type = "Gemm", .domain = kFusedDomain, .infer = infer, .make = make},
};

}  // namespace

std::span<const OpSpec> ops_gemm() { return kOps; }

}  // namespace zeropoint
