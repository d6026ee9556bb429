// The dense algebra of GPTQ against the multiply-adds that one core can do: every peer does as many as its
// formula needs, and so does the loop in registers beside it.
#include <cmath>
#include <random>
#include <vector>

#include "base/parallel.h"
#include "harness/anchors.h"
#include "harness/harness.h"
#include "kernels/dense/dense.h"
#include "kernels/dense/tiles.h"

namespace {

using namespace zeropoint;  // NOLINT: a program, not a header
using bench::Comparison;
using bench::keep;
using bench::Verdict;

constexpr double kFlopsPerLoop = 12 * 16 * 2;  // of bench::fma_loop on AVX-512

std::vector<float> gaussian(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 1);
  for (float& value : values) value = normal(random);
  return values;
}

/// A comparison of one function with a loop of as many operations.
void against_peak(std::vector<Verdict>& verdicts, const std::string& what, double flops, double bar,
                  const std::function<void()>& call) {
  Comparison c(what);
  c.add("multiply-adds in registers", flops,
        [=] { keep(bench::fma_loop(static_cast<std::int64_t>(flops / kFlopsPerLoop))); });
  c.add(what, flops, call);
  c.run();
  verdicts.push_back({what + " over the peak", c.speedup(what, "multiply-adds in registers"), bar});
}

void algebra(std::vector<Verdict>& verdicts, std::int64_t n) {
  const auto size = static_cast<double>(n);
  constexpr std::int64_t kRows = 512;
  const std::vector<float> x = gaussian(kRows * n);
  against_peak(verdicts, "Hessian of 512 rows", size * size * kRows, 0.75, [&] {
    static GramMatrix gram(n);
    gram.add(x.data(), kRows, n);
  });

  const std::vector<float> errors = gaussian(n * kDenseBlock);
  const std::vector<float> factor = gaussian(kDenseBlock * n);
  std::vector<float> panels(static_cast<std::size_t>(packed_rhs_size(kDenseBlock, n)));
  Tensor weights = Tensor::zeros(DType::f32, {n, n});
  against_peak(verdicts, "rank-128 update", 2 * size * size * kDenseBlock, 0.75, [&] {
    pack_rhs_parallel(factor.data(), n, 1, kDenseBlock, n, panels.data());
    run({.m = n,
         .n = n,
         .k = kDenseBlock,
         .a = errors.data(),
         .packed = panels.data(),
         .alpha = -1,
         .c = weights.mutable_data<float>(),
         .c_row_step = n});
  });

  GramMatrix gram(n);
  for (std::int64_t r = 0; r < n + kRows; r += kRows) gram.add(x.data(), kRows, n);
  Tensor h = gram.finish(1 / size);
  for (std::int64_t i = 0; i < n; ++i) h.mutable_data<float>()[i * n + i] += 10.0F;
  Tensor l = h.clone();
  against_peak(verdicts, "Cholesky", size * size * size / 3, 0.5, [&] {
    std::copy_n(h.data<float>(), n * n, l.mutable_data<float>());
    keep(cholesky_lower(l.mutable_data<float>(), n));
  });
  Tensor inverse = l.clone();
  against_peak(verdicts, "inverse of a triangle", size * size * size / 3, 0, [&] {
    std::copy_n(l.data<float>(), n * n, inverse.mutable_data<float>());
    invert_lower(inverse.mutable_data<float>(), n);
  });
  std::vector<double> forms(kRows);
  against_peak(verdicts, "quadratic forms of 512 rows", size * size * kRows, 0,
               [&] { quadratic_forms(x.data(), n, kRows, h.data<float>(), n, forms.data()); });
}

}  // namespace

int main() {
  set_num_threads(1);
  std::vector<Verdict> verdicts;
  algebra(verdicts, 4096);
  return bench::print(verdicts) ? 0 : 1;
}
