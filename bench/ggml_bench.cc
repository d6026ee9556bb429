// The block formats of GGUF against ggml's own quantizer, on one thread and 64M weights:
//
//   ZEROPOINT_GGML=$(scripts/fetch-ggml) taskset -c 0 build/bench/ggml_bench [TYPE...]
//
// Both take turns at slices of the same tensor, which lie too far apart to stay in a cache; it is in huge pages where
// the system grants them, as a large NumPy array would be. Before anything is timed, a few slices must give the same
// bytes.
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "harness/anchors.h"
#include "harness/harness.h"
#include "kernels/ggml/ggml.h"
#include "support/ggml_library.h"

namespace {

using namespace zeropoint;  // NOLINT: a program, not a header
using bench::Comparison;
using bench::Verdict;
using kernels::GgmlType;
using testing::GgmlLibrary;

constexpr std::int64_t kWeights = std::int64_t{1} << 26;
constexpr std::int64_t kColumns = 4096;
constexpr std::int64_t kSlice = std::int64_t{1} << 20;
constexpr std::int64_t kSlices = kWeights / kSlice;

/// Memory that asks for huge pages.
template <class T>
class Pages {
 public:
  explicit Pages(std::size_t n) : data_(std::aligned_alloc(kPage, (n * sizeof(T) + kPage - 1) / kPage * kPage)) {
    ::madvise(data_, n * sizeof(T), MADV_HUGEPAGE);
    std::memset(data_, 0, n * sizeof(T));
  }
  ~Pages() { std::free(data_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  T* data() const { return static_cast<T*>(data_); }

 private:
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  void* data_;
};

struct Bar {
  GgmlType type;
  double speedup;  // 0: reported only
};
constexpr Bar kBars[] = {
    {GgmlType::q8_0, 15}, {GgmlType::q4_0, 10}, {GgmlType::q4_1, 0}, {GgmlType::q5_0, 0}, {GgmlType::q5_1, 0},
    {GgmlType::q2_k, 0},  {GgmlType::q3_k, 0},  {GgmlType::q4_k, 6}, {GgmlType::q5_k, 0}, {GgmlType::q6_k, 6},
};

/// One tensor in one format, with what ggml and zeropoint make of it.
class Work {
 public:
  Work(GgmlType type, const float* weights)
      : type_(type),
        weights_(weights),
        slice_bytes_(static_cast<std::size_t>(kSlice / ggml_block_size(type)) * ggml_block_bytes(type)),
        blocks_(slice_bytes_ * kSlices),
        values_(kWeights) {}

  std::byte* blocks(std::int64_t slice) { return blocks_.data() + static_cast<std::size_t>(slice) * slice_bytes_; }
  const float* weights(std::int64_t slice) const { return weights_ + slice * kSlice; }

  void ours(std::int64_t slice) {
    ggml_quantize(type_, weights(slice), kSlice / kColumns, kColumns, {}, blocks(slice));
  }
  void theirs(const GgmlLibrary& ggml, std::int64_t slice) {
    ggml.quantize(type_, weights(slice), kSlice / kColumns, kColumns, nullptr, blocks(slice));
  }
  void ours_back(std::int64_t slice) { ggml_dequantize(type_, blocks(slice), kSlice, values_.data() + slice * kSlice); }
  void theirs_back(const GgmlLibrary& ggml, std::int64_t slice) {
    ggml.dequantize(type_, blocks(slice), kSlice, values_.data() + slice * kSlice);
  }

  bool agrees(const GgmlLibrary& ggml) {
    for (const std::int64_t slice : {std::int64_t{0}, kSlices / 2, kSlices - 1}) {
      ours(slice);
      const std::vector<std::byte> expected(blocks(slice), blocks(slice) + slice_bytes_);
      theirs(ggml, slice);
      if (!std::equal(expected.begin(), expected.end(), blocks(slice))) return false;
    }
    return true;
  }

 private:
  GgmlType type_;
  const float* weights_;
  std::size_t slice_bytes_;
  Pages<std::byte> blocks_;
  Pages<float> values_;
};

/// Calls body(slice) with the next slice at every call.
template <class Body>
auto in_turn(Body body) {
  return [body, slice = std::int64_t{0}]() mutable {
    body(slice);
    slice = (slice + 1) % kSlices;
  };
}

int run(std::span<char*> words) {
  const GgmlLibrary ggml;
  if (!ggml.is_loaded()) {
    std::fputs("ggml_bench: no library of ggml; set ZEROPOINT_GGML=$(scripts/fetch-ggml)\n", stderr);
    return 2;
  }
  set_num_threads(1);
  const Pages<float> weights(kWeights);
  std::minstd_rand random(1);
  std::normal_distribution<float> normal(0, 0.02F);
  std::generate_n(weights.data(), kWeights, [&] { return normal(random); });

  std::vector<Verdict> verdicts;
  for (const Bar& bar : kBars) {
    const std::string type(name(bar.type));
    if (!words.empty() && std::ranges::find(words, type, [](char* word) { return std::string(word); }) == words.end())
      continue;
    Work work(bar.type, weights.data());
    if (!work.agrees(ggml)) {
      fmt::print(stderr, "ggml_bench: {}: the bytes differ from ggml's\n", type);
      return 1;
    }
    const auto n = static_cast<double>(kSlice);
    Comparison quantize(type + ", quantize");
    quantize.add("zeropoint", n, in_turn([&](std::int64_t slice) { work.ours(slice); }));
    quantize.add("ggml", n, in_turn([&](std::int64_t slice) { work.theirs(ggml, slice); }));
    quantize.add("read the weights", n, in_turn([&](std::int64_t slice) {
                   bench::keep(bench::read_all(work.weights(slice), kSlice * sizeof(float)));
                 }));
    quantize.run();
    verdicts.push_back({type + " quantize, over ggml", quantize.speedup("zeropoint", "ggml"), bar.speedup});
    Comparison dequantize(type + ", dequantize");
    dequantize.add("zeropoint", n, in_turn([&](std::int64_t slice) { work.ours_back(slice); }));
    dequantize.add("ggml", n, in_turn([&](std::int64_t slice) { work.theirs_back(ggml, slice); }));
    dequantize.run();
    verdicts.push_back({type + " dequantize, over ggml", dequantize.speedup("zeropoint", "ggml")});
  }
  return bench::print(verdicts) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) { return run(std::span(argv + 1, static_cast<std::size_t>(argc - 1))); }
