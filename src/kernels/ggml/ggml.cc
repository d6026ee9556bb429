#include "kernels/ggml/ggml.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/parallel.h"
#include "kernels/ggml/blocks.h"
#include "kernels/ggml/encode.h"

namespace zeropoint::kernels {
namespace {

constexpr std::int64_t kSuperBlocksPerChunk = 64;
constexpr std::int64_t kBlocksPerChunk = 4096;

struct TypeRow {
  GgmlType type;
  std::string_view name;
  std::int64_t block_size;
  std::size_t block_bytes;
};

constexpr TypeRow kTypes[] = {
    {GgmlType::f32, "F32", 1, 4},
    {GgmlType::f16, "F16", 1, 2},
    {GgmlType::q4_0, "Q4_0", kBlock, 18},
    {GgmlType::q4_1, "Q4_1", kBlock, 20},
    {GgmlType::q5_0, "Q5_0", kBlock, 22},
    {GgmlType::q5_1, "Q5_1", kBlock, 24},
    {GgmlType::q8_0, "Q8_0", kBlock, 34},
    {GgmlType::q2_k, "Q2_K", kSuperBlock, 84},
    {GgmlType::q3_k, "Q3_K", kSuperBlock, 110},
    {GgmlType::q4_k, "Q4_K", kSuperBlock, 144},
    {GgmlType::q5_k, "Q5_K", kSuperBlock, 176},
    {GgmlType::q6_k, "Q6_K", kSuperBlock, 210},
    {GgmlType::bf16, "BF16", 1, 2},
};

constexpr auto kTypeNumbers = [] {
  std::array<GgmlType, std::size(kTypes)> types{};
  std::ranges::transform(kTypes, types.begin(), &TypeRow::type);
  return types;
}();

const TypeRow& row_of(GgmlType type) { return *std::ranges::find(kTypes, type, &TypeRow::type); }

}  // namespace

std::span<const GgmlType> ggml_types() { return kTypeNumbers; }

std::string_view name(GgmlType type) { return row_of(type).name; }

std::optional<GgmlType> parse_ggml_type(std::string_view word) {
  const auto* row = std::ranges::find(kTypes, word, &TypeRow::name);
  if (row == std::end(kTypes)) return std::nullopt;
  return row->type;
}

std::optional<GgmlType> ggml_type(std::uint32_t number) {
  const auto* row = std::ranges::find(kTypes, static_cast<GgmlType>(number), &TypeRow::type);
  if (row == std::end(kTypes)) return std::nullopt;
  return row->type;
}

std::int64_t ggml_block_size(GgmlType type) { return row_of(type).block_size; }
std::size_t ggml_block_bytes(GgmlType type) { return row_of(type).block_bytes; }

void ggml_quantize(GgmlType type, const float* src, std::int64_t rows, std::int64_t columns,
                   std::span<const float> importance, std::byte* dst) {
  const std::int64_t block = ggml_block_size(type);
  const bool weighted = !importance.empty() && type != GgmlType::q8_0;
  const EncodeTask task{type, src, columns, weighted ? importance.data() : nullptr, dst};
  const std::int64_t blocks = rows * columns / block;
  if (block == kSuperBlock) {
    parallel_ranges(blocks, kSuperBlocksPerChunk,
                    [&](std::int64_t begin, std::int64_t end) { encode_super_blocks(task, begin, end); });
  } else if (block == kBlock && !weighted) {
    parallel_ranges(blocks, kBlocksPerChunk,
                    [&](std::int64_t begin, std::int64_t end) { encode_blocks(task, begin, end); });
  } else {
    reference::ggml_quantize(type, src, rows, columns, importance, dst);
  }
}

void ggml_dequantize(GgmlType type, const std::byte* src, std::int64_t n, float* dst) {
  reference::ggml_dequantize(type, src, n, dst);
}

}  // namespace zeropoint::kernels
