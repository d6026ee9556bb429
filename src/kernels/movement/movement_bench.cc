#include <benchmark/benchmark.h>

#include <vector>

#include "kernels/movement/strided_copy.h"
#include "kernels/movement/table_copy.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kChannels = 64, kHeight = 56, kWidth = 56;
constexpr std::int64_t kElements = kChannels * kHeight * kWidth;

void run(benchmark::State& state, const StridedCopy& copy, std::int64_t dst_elements) {
  std::vector<float> src(static_cast<std::size_t>(kElements), 1.0F);
  std::vector<float> dst(static_cast<std::size_t>(dst_elements));
  for (auto _ : state) {
    copy.run(dst.data(), src.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * dst_elements * static_cast<std::int64_t>(sizeof(float)));
}

/// The measure of all: what memcpy reaches for the same bytes.
void dense(benchmark::State& state) { run(state, StridedCopy({kElements}, {1}, {1}, sizeof(float)), kElements); }

void channels_to_last(benchmark::State& state) {
  const std::int64_t plane = kHeight * kWidth;
  run(state, StridedCopy({plane, kChannels}, {kChannels, 1}, {1, plane}, sizeof(float)), kElements);
}

void channels_to_first(benchmark::State& state) {
  const std::int64_t plane = kHeight * kWidth;
  run(state, StridedCopy({kChannels, plane}, {plane, 1}, {1, kChannels}, sizeof(float)), kElements);
}

void swap_heads(benchmark::State& state) {  // [sequence, heads, size] to [heads, sequence, size]
  run(state, StridedCopy({8, 392, 64}, {392 * 64, 64, 1}, {64, 8 * 64, 1}, sizeof(float)), kElements);
}

void every_other(benchmark::State& state) {
  run(state, StridedCopy({kElements / 2}, {1}, {2}, sizeof(float)), kElements / 2);
}

void broadcast_rows(benchmark::State& state) {
  run(state, StridedCopy({kChannels, kHeight * kWidth}, {kHeight * kWidth, 1}, {1, 0}, sizeof(float)), kElements);
}

void upscale_twice(benchmark::State& state) {
  std::vector<std::vector<std::int64_t>> tables(3);
  for (std::int64_t i = 0; i < kChannels; ++i) tables[0].push_back(i * kHeight * kWidth);
  for (std::int64_t i = 0; i < 2 * kHeight; ++i) tables[1].push_back(i / 2 * kWidth);
  for (std::int64_t i = 0; i < 2 * kWidth; ++i) tables[2].push_back(i / 2);
  const TableCopy copy(tables, sizeof(float));
  std::vector<float> src(static_cast<std::size_t>(kElements), 1.0F);
  std::vector<float> dst(static_cast<std::size_t>(4 * kElements));
  for (auto _ : state) {
    copy.run(dst.data(), src.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * 4 * kElements * static_cast<std::int64_t>(sizeof(float)));
}

BENCHMARK(dense);
BENCHMARK(channels_to_last);
BENCHMARK(channels_to_first);
BENCHMARK(swap_heads);
BENCHMARK(every_other);
BENCHMARK(broadcast_rows);
BENCHMARK(upscale_twice);

}  // namespace
}  // namespace zeropoint

BENCHMARK_MAIN();
