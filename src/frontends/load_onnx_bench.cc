// Loading a 1.5 GB model: 375 matrices of 4 MB inside one file. CPU time is what the library decides;
// the counter says how much memory of its own the process needs for the loaded model.
#include <benchmark/benchmark.h>

#include "frontends/onnx.h"
#include "frontends/test_model.h"

namespace zeropoint {
namespace {

void load_large_model(benchmark::State& state) {
  const auto path = std::filesystem::temp_directory_path() / "zeropoint_load_bench.onnx";
  testing::write_sparse_model(path, 375, 1024);
  std::int64_t grown = 0;
  for (auto _ : state) {
    const std::int64_t before = testing::private_bytes();
    const Model model = load_onnx(path);
    benchmark::DoNotOptimize(model.graph.nodes.data());
    grown = testing::private_bytes() - before;
  }
  state.counters["file_bytes"] = static_cast<double>(std::filesystem::file_size(path));
  state.counters["private_bytes"] = static_cast<double>(grown);
  std::filesystem::remove(path);
}
BENCHMARK(load_large_model)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace zeropoint

BENCHMARK_MAIN();
