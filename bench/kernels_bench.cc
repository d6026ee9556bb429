// The kernels of quantization against the limits of the machine: copies and reads of the same bytes in
// the same rounds. `kernels_bench TWO` compares two threads with one, and both with what memory gains. Peers elsewhere:
// bench/compare_onnxruntime.py.
#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "harness/anchors.h"
#include "harness/harness.h"
#include "kernels/dequantize/dequantize.h"
#include "kernels/histogram/histogram.h"
#include "kernels/minmax/minmax.h"
#include "kernels/qadd/qadd.h"
#include "kernels/qmul/qmul.h"
#include "kernels/quantize/quantize.h"
#include "zeropoint/quant.h"

namespace {

using namespace zeropoint;  // NOLINT: a program, not a header
using bench::Comparison;
using bench::keep;
using bench::Verdict;

constexpr CodeRange kBytes{0, 255};
constexpr CodeGrid kGrid{0.0213F, 120, kBytes};
constexpr HistogramBins kBins{256.0F, 1024, 2048};
constexpr std::int64_t kMemory = std::int64_t{1} << 24;  // elements: 64 MB of float32
constexpr std::int64_t kCache = std::int64_t{1} << 18;

Tensor gaussian(std::int64_t n) {
  Tensor x = Tensor::allocate(DType::f32, {n});
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0, 1);
  for (float& v : x.mutable_values<float>()) v = normal(random);
  return x;
}

void from_memory(std::vector<Verdict>& verdicts) {
  const Tensor x = gaussian(kMemory);
  Tensor constant = Tensor::allocate(DType::f32, {kMemory});
  for (float& v : constant.mutable_values<float>()) v = 0.3F;
  Tensor q = Tensor::zeros(DType::u8, {kMemory});
  Tensor y = Tensor::zeros(DType::f32, {kMemory});
  std::vector<std::uint64_t> counts(2048);
  const float* from = x.data<float>();
  const float* same = constant.data<float>();
  auto* codes = q.mutable_data<std::uint8_t>();
  auto* to = y.mutable_data<float>();
  const auto n = static_cast<double>(kMemory);
  Comparison c("from memory, 64 MB of float32");
  c.add("memcpy of the floats", n, [=] { std::copy_n(from, kMemory, to); });
  c.add("memcpy of as much traffic", n, [=] { std::copy_n(from, kMemory * 5 / 8, to); });
  c.add("read", n, [=] { keep(bench::read_all(from, kMemory * sizeof(float))); });
  c.add("quantize", n, [=] { quantize_f32_u8(from, kMemory, kGrid, codes, Store::streaming); });
  c.add("dequantize", n, [=] { dequantize_u8_f32(codes, kMemory, {kGrid.scale, 120}, to, Store::streaming); });
  c.add("minmax", n, [=] { keep(minmax_f32(from, kMemory)); });
  c.add("histogram, Gaussian", n, [&] { histogram_f32(from, kMemory, kBins, counts.data()); });
  c.add("histogram, constant", n, [&] { histogram_f32(same, kMemory, kBins, counts.data()); });
  c.run();
  verdicts.push_back({"quantize over memcpy of the floats", c.speedup("quantize", "memcpy of the floats"), 1.15});
  verdicts.push_back({"dequantize over memcpy of the floats", c.speedup("dequantize", "memcpy of the floats"), 1.8});
  verdicts.push_back({"quantize over memcpy of as much traffic", c.speedup("quantize", "memcpy of as much traffic")});
  verdicts.push_back(
      {"dequantize over memcpy of as much traffic", c.speedup("dequantize", "memcpy of as much traffic")});
  verdicts.push_back({"minmax over a pure read", c.speedup("minmax", "read"), 0.9});
}

void in_cache(std::vector<Verdict>& verdicts) {
  const Tensor x = gaussian(kCache);
  Tensor q = Tensor::zeros(DType::u8, {kCache});
  Tensor y = Tensor::zeros(DType::f32, {kCache});
  std::mt19937 random(2);
  std::vector<float> scales(kCache);
  std::vector<std::int32_t> zero_points(kCache);
  for (float& s : scales) s = 0.02F + 1e-9F * static_cast<float>(random() % 10'000'000);
  for (std::int32_t& z : zero_points) z = static_cast<std::int32_t>(random() % 256);
  const auto grids = [&](std::int64_t count) { return GridSpan{scales.data(), zero_points.data(), count, kBytes}; };
  const float* from = x.data<float>();
  auto* codes = q.mutable_data<std::uint8_t>();
  auto* to = y.mutable_data<float>();
  const auto n = static_cast<double>(kCache);
  Comparison c("in cache, 256 Ki elements as [64, 4096]");
  c.add("quantize", n, [=] { quantize_f32_u8(from, kCache, kGrid, codes); });
  c.add("quantize, axis 0", n, [=] { quantize_runs_f32_u8(from, 4096, grids(64), codes); });
  c.add("quantize, axis 1", n, [=] { quantize_columns_f32_u8(from, 64, grids(4096), codes); });
  c.add("quantize, blocks of 128", n, [=] { quantize_runs_f32_u8(from, 128, grids(kCache / 128), codes); });
  c.add("quantize, blocks of 32", n, [=] { quantize_runs_f32_u8(from, 32, grids(kCache / 32), codes); });
  c.add("dequantize", n, [=] { dequantize_u8_f32(codes, kCache, {kGrid.scale, 120}, to); });
  c.add("dequantize, axis 0", n, [=] { dequantize_runs_u8_f32(codes, 4096, grids(64), to); });
  c.add("dequantize, axis 1", n, [=] { dequantize_columns_u8_f32(codes, 64, grids(4096), to); });
  c.add("dequantize, blocks of 32", n, [=] { dequantize_runs_u8_f32(codes, 32, grids(kCache / 32), to); });
  c.add("minmax", n, [=] { keep(minmax_f32(from, kCache)); });
  c.add("minmax and quantize (dynamic)", n, [=] {
    keep(minmax_f32(from, kCache));
    quantize_f32_u8(from, kCache, kGrid, codes);
  });
  Tensor b = q.clone();
  const CodeOperand left{{0.0213F, 120}, kBytes};
  const CodeOperand right{{0.03F, 100}, kBytes};
  const AddRule add(left, right, left, Arithmetic::ort_x86);
  const MulRule mul(left, right, left, Arithmetic::ort_x86);
  auto* other = b.mutable_data<std::uint8_t>();
  c.add("qadd (ort-x86)", n, [=] { qadd_u8(codes, other, kCache, add, other); });
  c.add("qmul (ort-x86)", n, [=] { qmul_u8(codes, other, kCache, mul, other); });
  c.run();
  const auto within = [&](const char* peer, const char* plain) {
    verdicts.push_back({std::string(peer) + " within 1.15 of one grid", c.speedup(peer, plain), 1 / 1.15});
  };
  within("quantize, axis 0", "quantize");
  within("quantize, axis 1", "quantize");
  within("quantize, blocks of 128", "quantize");
  within("quantize, blocks of 32", "quantize");
  within("dequantize, axis 0", "dequantize");
  within("dequantize, axis 1", "dequantize");
  within("dequantize, blocks of 32", "dequantize");
}

/// Calls body(first byte, bytes) for pieces of `bytes`, on all threads.
template <class Body>
void in_pieces(std::size_t bytes, const Body& body) {
  constexpr std::int64_t kPiece = std::int64_t{1} << 20;
  parallel_ranges(static_cast<std::int64_t>(bytes), kPiece, [&](std::int64_t begin, std::int64_t end) {
    body(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  });
}

void two_threads(std::vector<Verdict>& verdicts) {
  const Tensor x = gaussian(kMemory);
  const TensorQParams grid = tensor_qparams({.dtype = DType::u8}, {kGrid.scale, 120});
  Tensor q = quantize(x, grid);
  Tensor y = dequantize(q, grid);
  const QuantizeOptions any{.nan = NanPolicy::zero, .inf = InfPolicy::clip};
  Comparison c("two threads, 64 MB of float32", {.clock = bench::Clock::wall});
  Tensor copy = Tensor::allocate(DType::f32, {kMemory});
  const auto* from = static_cast<const std::byte*>(x.raw());
  auto* to = static_cast<std::byte*>(copy.mutable_raw());
  for (const int threads : {1, 2}) {
    const std::string suffix = std::to_string(threads);
    c.add("quantize, threads " + suffix, static_cast<double>(kMemory), [&, threads] {
      set_num_threads(threads);
      quantize_into(x, grid, q, any);
    });
    c.add("dequantize, threads " + suffix, static_cast<double>(kMemory), [&, threads] {
      set_num_threads(threads);
      dequantize_into(q, grid, y);
    });
    c.add("read, threads " + suffix, static_cast<double>(kMemory), [&, threads] {
      set_num_threads(threads);
      in_pieces(x.bytes(), [&](std::size_t begin, std::size_t size) { keep(bench::read_all(from + begin, size)); });
    });
    c.add("copy past the cache, threads " + suffix, static_cast<double>(kMemory), [&, threads] {
      set_num_threads(threads);
      in_pieces(x.bytes(),
                [&](std::size_t begin, std::size_t size) { bench::copy_streaming(to + begin, from + begin, size); });
    });
  }
  c.run();
  const auto gain = [&](const std::string& what) { return c.speedup(what + ", threads 2", what + ", threads 1"); };
  for (const std::string what : {"read", "copy past the cache"}) {
    verdicts.push_back({what + ", two threads over one", gain(what)});
  }
  // Two threads cannot gain more from memory than memory has to give.
  for (const auto& [what, anchor] : {std::pair{"quantize", "read"}, {"dequantize", "copy past the cache"}}) {
    const double bar = std::min(1.8, 0.9 * gain(anchor).best);
    verdicts.push_back({std::string(what) + ", two threads over one", gain(what), bar});
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Verdict> verdicts;
  if (argc > 1 && std::string(argv[1]) == "TWO") {
    two_threads(verdicts);
  } else {
    from_memory(verdicts);
    in_cache(verdicts);
  }
  bench::print(verdicts);
}
