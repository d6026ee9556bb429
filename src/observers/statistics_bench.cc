// What observing costs per element, against reading the data and summing it: the part of calibration
// that is not the network.
#include <benchmark/benchmark.h>

#include <numeric>

#include "base/parallel.h"
#include "observers/observer.h"
#include "observers/test_data.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kElements = 64 * 111 * 111;  // SqueezeNet's first activation

std::vector<float> data(std::int64_t kind) {
  switch (kind) {
    case 0:
      return testing::gauss(kElements, 1);
    case 1:
      return testing::relu(testing::gauss(kElements, 1));
    default:
      return std::vector<float>(kElements, 0.7F);
  }
}

void observe(benchmark::State& state) {
  set_num_threads(1);
  const Tensor x = testing::vector_of(data(state.range(0)));
  TensorStatistics seen({.histogram_bins = static_cast<int>(state.range(1))});
  for (auto _ : state) seen.observe(x);
  benchmark::DoNotOptimize(seen.slices().front().count);
  state.SetItemsProcessed(state.iterations() * kElements);
}
BENCHMARK(observe)->ArgNames({"gauss0_relu1_constant2", "bins"})->ArgsProduct({{0, 1, 2}, {0, 2048, 4096}});

void mse_search(benchmark::State& state) {
  set_num_threads(1);
  const SliceStatistics seen = testing::observed(testing::gauss(1000000, 2), static_cast<int>(state.range(0)));
  const ObserverSpec& mse = find_observer("mse");
  for (auto _ : state) benchmark::DoNotOptimize(mse.choose(seen, {.dtype = DType::u8}, {}));
}
BENCHMARK(mse_search)->ArgName("bins")->Arg(2048)->Arg(4096)->Unit(benchmark::kMillisecond);

void entropy_search(benchmark::State& state) {
  set_num_threads(1);
  const SliceStatistics seen = testing::observed(testing::gauss(1000000, 2), static_cast<int>(state.range(0)));
  const ObserverSpec& entropy = find_observer("entropy");
  for (auto _ : state) benchmark::DoNotOptimize(entropy.choose(seen, {.dtype = DType::u8}, {}));
}
BENCHMARK(entropy_search)->ArgName("bins")->Arg(2048)->Arg(4096)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace zeropoint
BENCHMARK_MAIN();
