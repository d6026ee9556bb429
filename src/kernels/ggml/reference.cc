#include "kernels/ggml/reference.h"

#include <cstring>

#include "base/float16.h"

namespace zeropoint::kernels::reference {
namespace {

/// Types without blocks.
void encode_plain(GgmlType type, const float* src, std::int64_t n, std::byte* dst) {
  if (type == GgmlType::f32) {
    std::memcpy(dst, src, static_cast<std::size_t>(n) * sizeof(float));
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint16_t bits = type == GgmlType::f16 ? f32_to_f16(src[i]) : f32_to_bf16(src[i]);
    std::memcpy(dst + 2 * i, &bits, sizeof bits);
  }
}
void decode_plain(GgmlType type, const std::byte* src, std::int64_t n, float* dst) {
  if (type == GgmlType::f32) {
    std::memcpy(dst, src, static_cast<std::size_t>(n) * sizeof(float));
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, src + 2 * i, sizeof bits);
    dst[i] = type == GgmlType::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
  }
}

}  // namespace

void ggml_quantize(GgmlType type, const float* src, std::int64_t rows, std::int64_t columns,
                   std::span<const float> importance, std::byte* dst) {
  const std::int64_t block = ggml_block_size(type);
  if (block == 1) return encode_plain(type, src, rows * columns, dst);
  const bool weighted = !importance.empty() && type != GgmlType::q8_0;
  for (std::int64_t row = 0; row < rows; ++row, src += columns) {
    const float variance = weighted && block == kBlock ? mean_square(src, columns) : 0.0F;
    for (std::int64_t column = 0; column < columns; column += block, dst += ggml_block_bytes(type)) {
      const float* x = src + column;
      const float* weights = weighted ? importance.data() + column : nullptr;
      if (block == kSuperBlock) {
        pack(type, encode_super_block(type, x, weights), dst);
      } else {
        pack(type, weighted ? encode_weighted_block(type, x, weights, variance) : encode_block(type, x), dst);
      }
    }
  }
}

void ggml_dequantize(GgmlType type, const std::byte* src, std::int64_t n, float* dst) {
  const std::int64_t block = ggml_block_size(type);
  if (block == 1) return decode_plain(type, src, n, dst);
  const auto decode = block == kSuperBlock ? decode_super_block : decode_block;
  for (std::int64_t i = 0; i < n; i += block, src += ggml_block_bytes(type)) decode(type, src, dst + i);
}

}  // namespace zeropoint::kernels::reference
