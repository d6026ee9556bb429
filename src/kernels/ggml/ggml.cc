#include "kernels/ggml/ggml.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "base/parallel.h"
#include "kernels/convert/convert.h"
#include "kernels/ggml/blocks.h"
#include "kernels/ggml/decode.h"
#include "kernels/ggml/encode.h"

namespace zeropoint::kernels {
namespace {

constexpr std::int64_t kSuperBlocksPerChunk = 64;
constexpr std::int64_t kBlocksPerChunk = 4096;
constexpr std::int64_t kValuesPerChunk = 65536;  // where the work per value is small

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

const TypeRow& row_of(GgmlType type) { return *std::ranges::find(kTypes, type, &TypeRow::type); }

/// Types without blocks. The bytes may lie at any address.
void encode_plain(GgmlType type, const float* src, std::int64_t n, std::byte* dst) {
  parallel_ranges(n, kValuesPerChunk, [&](std::int64_t begin, std::int64_t end) {
    const float* from = src + begin;
    std::byte* to = dst + static_cast<std::size_t>(begin) * ggml_block_bytes(type);
    if (type == GgmlType::f32) {
      std::memcpy(to, from, static_cast<std::size_t>(end - begin) * sizeof(float));
    } else if (type == GgmlType::f16) {
      convert_f32_f16(from, reinterpret_cast<std::uint16_t*>(to), end - begin);
    } else {
      convert_f32_bf16(from, reinterpret_cast<std::uint16_t*>(to), end - begin);
    }
  });
}
void decode_plain(GgmlType type, const std::byte* src, std::int64_t n, float* dst) {
  parallel_ranges(n, kValuesPerChunk, [&](std::int64_t begin, std::int64_t end) {
    const std::byte* from = src + static_cast<std::size_t>(begin) * ggml_block_bytes(type);
    float* to = dst + begin;
    if (type == GgmlType::f32) {
      std::memcpy(to, from, static_cast<std::size_t>(end - begin) * sizeof(float));
    } else if (type == GgmlType::f16) {
      convert_f16_f32(reinterpret_cast<const std::uint16_t*>(from), to, end - begin);
    } else {
      convert_bf16_f32(reinterpret_cast<const std::uint16_t*>(from), to, end - begin);
    }
  });
}

}  // namespace

std::string_view name(GgmlType type) { return row_of(type).name; }

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
  if (block == 1) {
    encode_plain(type, src, rows * columns, dst);
  } else if (block == kSuperBlock) {
    parallel_ranges(rows * columns / block, kSuperBlocksPerChunk,
                    [&](std::int64_t begin, std::int64_t end) { encode_super_blocks(task, begin, end); });
  } else if (weighted) {
    parallel_ranges(rows, kRowsAtOnce,
                    [&](std::int64_t begin, std::int64_t end) { encode_weighted_rows(task, begin, end); });
  } else {
    parallel_ranges(rows * columns / block, kBlocksPerChunk,
                    [&](std::int64_t begin, std::int64_t end) { encode_blocks(task, begin, end); });
  }
}

void ggml_dequantize(GgmlType type, const std::byte* src, std::int64_t n, float* dst) {
  const std::int64_t block = ggml_block_size(type);
  if (block == 1) return decode_plain(type, src, n, dst);
  const std::size_t bytes = ggml_block_bytes(type);
  parallel_ranges(n / block, kValuesPerChunk / block, [&](std::int64_t begin, std::int64_t end) {
    decode_blocks(type, src + static_cast<std::size_t>(begin) * bytes, end - begin, dst + begin * block);
  });
}

}  // namespace zeropoint::kernels
