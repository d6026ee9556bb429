#include <algorithm>

#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/fused_activation.h"
#include "ops/matrix_product.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.input(0).dtype != site.input(1).dtype) {
    site.invalid("input 0 is {}, input 1 is {}", name(site.input(0).dtype), name(site.input(1).dtype));
  }
  return {planned(site, site.input(0).dtype, matrix_stacks(site, site.input(0).shape, site.input(1).shape).result)};
}

bool is_rhs_transposed(const OpSite& site) { return site.node.get_int("transB", 0) != 0; }

/// Of the joined operator, whose constant right factor may be stored [n, k] and in a 16-bit float type.
Shape rhs_shape(const OpSite& site) {
  Shape shape = site.input(1).shape;
  if (is_rhs_transposed(site)) std::swap(shape[0], shape[1]);
  return shape;
}

std::vector<ValueFacts> infer_joined(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) {
    site.invalid("input 0 is {}, input 1 is {}", name(site.input(0).dtype), name(DType::f32));
  }
  return {planned(site, DType::f32, matrix_stacks(site, site.input(0).shape, rhs_shape(site)).result)};
}

/// Where the matrix of each batch index begins, for an operand whose batch axes broadcast to `batch`.
std::vector<std::int64_t> matrix_offsets(const Shape& operand, const Shape& batch) {
  Shape own(operand.begin(), operand.end() - 2);
  own.insert(own.begin(), batch.size() - own.size(), 1);
  const Shape steps = row_major_strides(own);
  const std::int64_t matrix = operand[operand.size() - 2] * operand.back();
  std::vector<std::int64_t> offsets = {0};
  for (std::size_t axis = 0; axis < batch.size(); ++axis) {
    std::vector<std::int64_t> longer;
    for (const std::int64_t offset : offsets) {
      for (std::int64_t i = 0; i < batch[axis]; ++i)
        longer.push_back(offset + (own[axis] == 1 ? 0 : i * steps[axis] * matrix));
    }
    offsets = std::move(longer);
  }
  return offsets;
}

ProductPlan plan_of(const OpSite& site) {
  const MatrixStacks stacks = matrix_stacks(site, site.input(0).shape, rhs_shape(site));
  ProductPlan plan{.m = stacks.a[stacks.a.size() - 2], .n = stacks.b.back(), .k = stacks.a.back()};
  const std::vector<std::int64_t> a = matrix_offsets(stacks.a, stacks.batch);
  const std::vector<std::int64_t> b = matrix_offsets(stacks.b, stacks.batch);
  const bool one_b = std::ranges::all_of(b, [](std::int64_t offset) { return offset == 0; });
  const bool dense_a = std::ssize(a) * plan.m * plan.k == element_count(stacks.a);
  if (one_b && dense_a) {  // the batch is just more rows
    plan.m *= std::ssize(a);
    plan.b = {is_rhs_transposed(site) ? MatrixView{0, 1, plan.k} : MatrixView{0, plan.n, 1}};
    plan.items = {{.a = {0, plan.k, 1}}};
    return plan;
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto known = std::ranges::find(plan.b, b[i], &MatrixView::offset);
    const auto index = static_cast<std::size_t>(known - plan.b.begin());
    if (known == plan.b.end()) plan.b.push_back({b[i], plan.n, 1});
    plan.items.push_back({.a = {a[i], plan.k, 1}, .b = index, .c = static_cast<std::int64_t>(i) * plan.m * plan.n});
  }
  return plan;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  ProductPlan plan = plan_of(site);
  if (site.has(2)) plan.addend = site.input(2).shape;  // joined operator only
  plan.activation = fused_activation(site.node);
  return make_product(site, std::move(plan));
}

constexpr std::string_view kTypes = "all floats, int32 int64 uint32 uint64";

constexpr OpSpec kOps[] = {
    {.op_type = "MatMul", .infer = infer, .make = halves_too<infer, make>, .float_types = kTypes},
    {.op_type = "MatMul", .domain = kFusedDomain, .infer = infer_joined, .make = make},
};

}  // namespace

std::span<const OpSpec> ops_matmul() { return kOps; }

}  // namespace zeropoint
