#include "base/float16.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/reference.h"

namespace zeropoint::kernels::reference {

void decode_block(GgmlType type, const std::byte* src, float* dst) {
  const BlockFormat format = block_format(type);
  Block block;
  unpack(type, src, block);
  const float d = f16_to_f32(block.d);
  const float m = f16_to_f32(block.m);
  const int zero = format.levels / 2;
  for (int i = 0; i < kBlock; ++i) {
    if (type == GgmlType::q8_0) {
      dst[i] = static_cast<float>(static_cast<std::int8_t>(block.codes[i])) * d;
    } else if (format.has_min) {
      dst[i] = static_cast<float>(block.codes[i]) * d + m;
    } else {
      dst[i] = static_cast<float>(block.codes[i] - zero) * d;
    }
  }
}

void decode_super_block(GgmlType type, const std::byte* src, float* dst) {
  SuperBlock block;
  unpack(type, src, block);
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  const bool affine = is_affine(type);
  const int n = affine ? affine_format(type).sub_block : kSymmetricSubBlock;
  for (int i = 0; i < kSuperBlock; ++i) {
    const int j = i / n;
    const float scale = d * static_cast<float>(block.scales[j]);
    if (affine) {
      dst[i] = scale * static_cast<float>(block.codes[i]) - dmin * static_cast<float>(block.mins[j]);
    } else {
      dst[i] = scale * static_cast<float>(block.codes[i] - symmetric_qmax(type));
    }
  }
}

}  // namespace zeropoint::kernels::reference
