#include "pipeline/gguf_preflight.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <vector>

#include "base/parallel.h"
#include "pipeline/preflight.h"

namespace zeropoint {
namespace {

constexpr std::uint64_t kBuffers = 64'000'000;  // bytes: batches of rows, header, tables
constexpr double kBytesPerSecond = 500e6;       // read and write of a modest disk
constexpr std::int64_t kSampleColumns = 1024;
constexpr std::int64_t kSampleRows = 32;

double seconds_per_value(kernels::GgmlType type) {
  std::minstd_rand random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(kSampleRows * kSampleColumns);
  for (float& value : values) value = normal(random);
  std::vector<std::byte> bytes(values.size() / static_cast<std::size_t>(kernels::ggml_block_size(type)) *
                               kernels::ggml_block_bytes(type));
  const auto start = std::chrono::steady_clock::now();
  kernels::ggml_quantize(type, values.data(), kSampleRows, kSampleColumns, {}, bytes.data());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  return taken.count() / static_cast<double>(values.size());
}

}  // namespace

Preflight preflight_gguf(const Checkpoint& checkpoint, const GgufPlan& plan, const std::filesystem::path& target) {
  Preflight preflight{
      .output_bytes = plan.file_bytes, .available_memory = available_memory(), .free_disk = free_disk(target)};
  std::map<kernels::GgmlType, double> costs;
  for (const GgufPlanRow& row : plan.rows) {
    const auto [cost, is_new] = costs.try_emplace(row.tensor.type, 0);
    if (is_new) cost->second = seconds_per_value(row.tensor.type);
    preflight.seconds += cost->second * static_cast<double>(element_count(row.tensor.shape)) / num_threads();
    if (kernels::ggml_block_size(row.tensor.type) > 1) ++preflight.weights;
    const StoredTensor* stored = checkpoint.weights->find(row.source);
    if (stored == nullptr) continue;
    preflight.input_bytes += stored->bytes;
    // The pages of one tensor, and where it is decoded its values, twice where they are reordered.
    const std::uint64_t decoded =
        stored->encoding.empty() ? 0 : 2 * sizeof(float) * static_cast<std::uint64_t>(element_count(stored->shape));
    preflight.peak_memory = std::max(preflight.peak_memory, stored->bytes + decoded);
  }
  preflight.peak_memory += kBuffers;
  preflight.seconds += static_cast<double>(preflight.input_bytes + preflight.output_bytes) / kBytesPerSecond;
  return preflight;
}

}  // namespace zeropoint
