// The block formats of GGUF files: float rows to packed blocks and back, byte for byte what ggml's own quantizer
// writes.
//
// Every format cuts a row into blocks of 32 or 256 values with scales of their own. The search for a block's scale is
// sequential, so speed comes from doing 8 or 16 blocks at once, a block per lane, each in the reference's order of
// operations. reference:: has the same in plain loops. docs/gguf.md says what each format is.
// Source: GGUF specification; ggml's block layouts (design by I. Kawrakow, "k-quants", llama.cpp pull request 1684).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace zeropoint::kernels {

/// The numbers are those of GGUF tensor infos.
enum class GgmlType : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  bf16 = 30,
};

std::string_view name(GgmlType type);                     ///< "Q4_K", "F16"
std::optional<GgmlType> ggml_type(std::uint32_t number);  ///< nullopt for one that is not offered

std::int64_t ggml_block_size(GgmlType type);  ///< values per block: 1, 32 or 256
std::size_t ggml_block_bytes(GgmlType type);  ///< bytes per block

/// Quantizes `rows` rows of `columns` values (a multiple of the block size) to dst, rows * columns / block size blocks.
/// `importance`: one weight >= 0 per column, shared by all rows, or empty. The input must be finite. Rows do not
/// depend on each other: a matrix may come in any number of calls.
void ggml_quantize(GgmlType type, const float* src, std::int64_t rows, std::int64_t columns,
                   std::span<const float> importance, std::byte* dst);

/// n values (a multiple of the block size) from blocks.
void ggml_dequantize(GgmlType type, const std::byte* src, std::int64_t n, float* dst);

namespace reference {
void ggml_quantize(GgmlType type, const float* src, std::int64_t rows, std::int64_t columns,
                   std::span<const float> importance, std::byte* dst);
void ggml_dequantize(GgmlType type, const std::byte* src, std::int64_t n, float* dst);
}  // namespace reference

}  // namespace zeropoint::kernels
