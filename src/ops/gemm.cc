// Gemm: alpha A' B' + beta C, where A' and B' may be transposed.
#include <vector>

#include "base/parallel.h"
#include "kernels/small_gemm/small_gemm.h"
#include "ops/arguments.h"

namespace zeropoint {
namespace {

struct Sizes {
  std::int64_t m, n, k;
  bool trans_a, trans_b;
};

Sizes sizes(const OpSite& site) {
  const Shape& a = site.input(0).shape;
  const Shape& b = site.input(1).shape;
  if (a.size() != 2 || b.size() != 2) site.invalid("{} and {} are not matrices", to_string(a), to_string(b));
  const bool ta = site.node.get_int("transA", 0) != 0;
  const bool tb = site.node.get_int("transB", 0) != 0;
  const Sizes s{a[ta ? 1 : 0], b[tb ? 0 : 1], a[ta ? 0 : 1], ta, tb};
  if (b[tb ? 1 : 0] != s.k) site.invalid("the inner dimensions of {} and {} differ", to_string(a), to_string(b));
  return s;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Sizes s = sizes(site);
  return {planned(site, site.input(0).dtype, {s.m, s.n})};
}

std::vector<float> transposed(const float* x, std::int64_t rows, std::int64_t columns) {
  std::vector<float> y(static_cast<std::size_t>(rows * columns));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) y[static_cast<std::size_t>(j * rows + i)] = x[i * columns + j];
  }
  return y;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  const float alpha = site.node.get_float("alpha", 1.0F);
  const float beta = site.node.get_float("beta", 1.0F);
  const Shape c = site.has(2) ? site.input(2).shape : Shape{};
  if (c.size() > 2) site.invalid("C has shape {}", to_string(c));
  return make_kernel([s = sizes(site), alpha, beta, c](const KernelIo& io) {
    const std::vector<float> a = s.trans_a ? transposed(io.in(0).data<float>(), s.k, s.m) : std::vector<float>();
    const std::vector<float> b = s.trans_b ? transposed(io.in(1).data<float>(), s.n, s.k) : std::vector<float>();
    const float* pa = s.trans_a ? a.data() : io.in(0).data<float>();
    const float* pb = s.trans_b ? b.data() : io.in(1).data<float>();
    float* y = io.out(0).mutable_data<float>();
    parallel_ranges(s.n, 256, [&](std::int64_t begin, std::int64_t end) {
      small_gemm({.m = s.m,
                  .n = end - begin,
                  .k = s.k,
                  .a = pa,
                  .lda = s.k,
                  .b = pb + begin,
                  .ldb = s.n,
                  .c = y + begin,
                  .ldc = s.n});
    });
    const std::int64_t rows = c.size() == 2 ? c[0] : 1;
    const std::int64_t columns = c.empty() ? 1 : c.back();
    for (std::int64_t i = 0; i < s.m; ++i) {
      for (std::int64_t j = 0; j < s.n; ++j) {
        float& v = y[i * s.n + j];
        v *= alpha;
        if (io.has(2)) v += beta * io.in(2).data<float>()[(rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j)];
      }
    }
  });
}

constexpr OpSpec kOps[] = {{.op_type = "Gemm", .infer = infer, .make = make}};

}  // namespace

std::span<const OpSpec> ops_gemm() { return kOps; }

}  // namespace zeropoint
