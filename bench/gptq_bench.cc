// The dense algebra of GPTQ against the multiply-adds that one core can do: every peer does as many as its
// formula needs, and so does the loop in registers beside it.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <dnnl.hpp>

#include "base/parallel.h"
#include "harness/anchors.h"
#include "harness/harness.h"
#include "kernels/dense/dense.h"
#include "kernels/dense/tiles.h"
#include "methods/gptq.h"

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

/// C = A B by oneDNN, [n, k] times [k, n].
class OneDnnMatmul {
 public:
  OneDnnMatmul(std::int64_t n, std::int64_t k)
      : engine_(dnnl::engine::kind::cpu, 0),
        stream_(engine_),
        a_({{n, k}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::ab}, engine_),
        b_({{k, n}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::ab}, engine_),
        c_({{n, n}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::ab}, engine_) {
    for (dnnl::memory* m : {&a_, &b_}) {
      std::fill_n(static_cast<float*>(m->get_data_handle()), n * k, 0.5F);
    }
#if DNNL_VERSION_MAJOR >= 3
    matmul_ = dnnl::matmul({engine_, a_.get_desc(), b_.get_desc(), c_.get_desc()});
#else
    matmul_ = dnnl::matmul({{a_.get_desc(), b_.get_desc(), c_.get_desc()}, engine_});
#endif
  }

  void run() {
    matmul_.execute(stream_, {{DNNL_ARG_SRC, a_}, {DNNL_ARG_WEIGHTS, b_}, {DNNL_ARG_DST, c_}});
    stream_.wait();
  }

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::memory a_, b_, c_;
  dnnl::matmul matmul_;
};

/// One layer with its Hessian given: GPTQ as such, and with both losses, of which one takes as many operations again.
void layer(std::vector<Verdict>& verdicts, std::int64_t n) {
  const std::vector<float> values = gaussian(n * n);
  const Tensor weight = Tensor::copy_of<float>({n, n}, values);
  GramMatrix gram(n);
  const std::vector<float> x = gaussian(512 * n);
  for (int i = 0; i < 10; ++i) gram.add(x.data(), 512, n);
  const Tensor hessian = gram.finish(2.0F / 5120);
  // Factor and inverse take n^3 / 3 each, updates of all rows n^3; every loss n^3.
  const double flops = 5.0 / 3 * std::pow(static_cast<double>(n), 3);
  const auto k = static_cast<std::int64_t>(flops / 2 / static_cast<double>(n * n));
  OneDnnMatmul matmul(n, k);
  Comparison c("GPTQ of a layer, block 128", {.rounds = 5});
  c.add("oneDNN matmul", flops, [&] { matmul.run(); });
  c.add("GPTQ", flops,
        [&] { keep(gptq(weight, hessian, {.block_size = 128, .compares_with_rounding = false}, "w").report.damping); });
  c.add("GPTQ and both losses", flops, [&] { keep(gptq(weight, hessian, {.block_size = 128}, "w").report.loss); });
  c.run();
  verdicts.push_back({"GPTQ over oneDNN matmul", c.speedup("GPTQ", "oneDNN matmul"), 1.0 / 3});
  verdicts.push_back(
      {"GPTQ and both losses over oneDNN matmul", c.speedup("GPTQ and both losses", "oneDNN matmul"), 1.0 / 3});
}

}  // namespace

int main() {
  set_num_threads(1);
  std::vector<Verdict> verdicts;
  algebra(verdicts, 4096);
  layer(verdicts, 4096);
  return bench::print(verdicts) ? 0 : 1;
}
