#include <algorithm>

#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/fused_activation.h"
#include "ops/matrix_product.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// The operands as stacks of matrices: a vector on the left is a row, on the right a column.
struct Stacks {
  Shape a;       // [batch..., m, k]
  Shape b;       // [batch..., k, n]
  Shape batch;   // broadcast
  Shape result;  // without the axes that stood in for a vector
};

Stacks stacks_of(const OpSite& site) {
  Stacks stacks{.a = site.input(0).shape, .b = site.input(1).shape};
  const auto refuse = [&] {
    site.invalid("{} and {} cannot be multiplied", to_string(site.input(0).shape), to_string(site.input(1).shape));
  };
  if (stacks.a.empty() || stacks.b.empty()) refuse();
  const bool a_is_vector = stacks.a.size() == 1;
  const bool b_is_vector = stacks.b.size() == 1;
  if (a_is_vector) stacks.a.insert(stacks.a.begin(), 1);
  if (b_is_vector) stacks.b.push_back(1);
  if (stacks.a.back() != stacks.b[stacks.b.size() - 2]) refuse();
  stacks.batch = broadcast_shape(site, {stacks.a.begin(), stacks.a.end() - 2}, {stacks.b.begin(), stacks.b.end() - 2});
  stacks.result = stacks.batch;
  if (!a_is_vector) stacks.result.push_back(stacks.a[stacks.a.size() - 2]);
  if (!b_is_vector) stacks.result.push_back(stacks.b.back());
  return stacks;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.input(0).dtype != site.input(1).dtype) {
    site.invalid("input 0 is {}, input 1 is {}", name(site.input(0).dtype), name(site.input(1).dtype));
  }
  return {planned(site, site.input(0).dtype, stacks_of(site).result)};
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
  const Stacks stacks = stacks_of(site);
  ProductPlan plan{.m = stacks.a[stacks.a.size() - 2], .n = stacks.b.back(), .k = stacks.a.back()};
  const std::vector<std::int64_t> a = matrix_offsets(stacks.a, stacks.batch);
  const std::vector<std::int64_t> b = matrix_offsets(stacks.b, stacks.batch);
  const bool one_b = std::ranges::all_of(b, [](std::int64_t offset) { return offset == 0; });
  const bool dense_a = std::ssize(a) * plan.m * plan.k == element_count(stacks.a);
  if (one_b && dense_a) {  // the batch is just more rows
    plan.m *= std::ssize(a);
    plan.b = {{0, plan.n, 1}};
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

constexpr std::string_view kTypes = "float16, bfloat16, float32, float64, int32, int64, uint32, uint64";

constexpr OpSpec kOps[] = {
    {.op_type = "MatMul", .infer = infer, .make = halves_too<infer, make>, .float_types = kTypes},
    {.op_type = "MatMul", .domain = kFusedDomain, .infer = infer, .make = make},
};

}  // namespace

std::span<const OpSpec> ops_matmul() { return kOps; }

}  // namespace zeropoint
