// Matrix products of sizes that occur in the models, in GFLOP/s.
#include "kernels/gemm/gemm.h"

#include <benchmark/benchmark.h>

#include <vector>

namespace zeropoint {
namespace {

void run(benchmark::State& state) {
  const std::int64_t m = state.range(0), k = state.range(1), n = state.range(2);
  const std::vector<float> a(static_cast<std::size_t>(m * k), 1.0F);
  const std::vector<float> b(static_cast<std::size_t>(packed_rhs_size(k, n)), 1.0F);
  std::vector<float> c(static_cast<std::size_t>(m * n));
  const Gemm gemm{
      .m = m, .n = n, .k = k, .a = a.data(), .a_row_step = k, .b = b.data(), .c = c.data(), .c_row_step = n};
  for (auto _ : state) run_gemms({&gemm, 1});
  state.counters["GFLOP/s"] = benchmark::Counter(
      2e-9 * static_cast<double>(m * n * k) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(run)
    ->Args({42, 64, 64})
    ->Args({42, 64, 256})
    ->Args({1, 512, 1000})
    ->Args({512, 256, 256})
    ->Args({1024, 1024, 1024});

}  // namespace
}  // namespace zeropoint

BENCHMARK_MAIN();
