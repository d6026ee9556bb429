// MatMul: matrices of any rank, the leading dimensions broadcast.
#include <vector>

#include "base/parallel.h"
#include "kernels/small_gemm/small_gemm.h"
#include "ops/arguments.h"

namespace zeropoint {
namespace {

struct Product {
  std::int64_t m, n, k;
  Shape batch;
  Shape a_batch, b_batch;
  Shape result;
};

Product product(const OpSite& site) {
  Shape a = site.input(0).shape;
  Shape b = site.input(1).shape;
  if (a.empty() || b.empty()) site.invalid("a scalar cannot be multiplied as a matrix");
  const bool row = a.size() == 1;
  const bool column = b.size() == 1;
  if (row) a.insert(a.begin(), 1);
  if (column) b.push_back(1);
  Product p{.m = a[a.size() - 2], .n = b.back(), .k = a.back()};
  if (b[b.size() - 2] != p.k) {
    site.invalid("the inner dimensions of {} and {} differ", to_string(site.input(0).shape),
                 to_string(site.input(1).shape));
  }
  p.a_batch.assign(a.begin(), a.end() - 2);
  p.b_batch.assign(b.begin(), b.end() - 2);
  p.batch = broadcast_shape(site, p.a_batch, p.b_batch);
  p.result = p.batch;
  if (!row) p.result.push_back(p.m);
  if (!column) p.result.push_back(p.n);
  return p;
}

std::vector<ValueFacts> infer(const OpSite& site) { return {planned(site, site.input(0).dtype, product(site).result)}; }

/// Which matrix of an operand with batch shape `own` belongs to matrix `index` of `batch`.
std::int64_t matrix_index(std::int64_t index, const Shape& batch, const Shape& own) {
  std::int64_t result = 0;
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const std::int64_t whole = batch[batch.size() - 1 - i];
    const std::int64_t part = own[own.size() - 1 - i];
    if (part != 1) result += index % whole * stride;
    stride *= part;
    index /= whole;
  }
  return result;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return make_kernel([p = product(site)](const KernelIo& io) {
    const std::int64_t count = count_between(p.batch, 0, p.batch.size());
    constexpr std::int64_t kRows = 16;
    const std::int64_t strips = (p.m + kRows - 1) / kRows;
    parallel_chunks(count * strips, [&](std::int64_t chunk) {
      const std::int64_t i = chunk / strips;
      const std::int64_t row = chunk % strips * kRows;
      small_gemm({.m = std::min(kRows, p.m - row),
                  .n = p.n,
                  .k = p.k,
                  .a = io.in(0).data<float>() + (matrix_index(i, p.batch, p.a_batch) * p.m + row) * p.k,
                  .lda = p.k,
                  .b = io.in(1).data<float>() + matrix_index(i, p.batch, p.b_batch) * p.k * p.n,
                  .ldb = p.n,
                  .c = io.out(0).mutable_data<float>() + (i * p.m + row) * p.n,
                  .ldc = p.n});
    });
  });
}

constexpr OpSpec kOps[] = {{.op_type = "MatMul", .infer = infer, .make = make}};

}  // namespace

std::span<const OpSpec> ops_matmul() { return kOps; }

}  // namespace zeropoint
