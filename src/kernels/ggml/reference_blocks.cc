// Blocks of 32 values.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/float16.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/reference.h"

namespace zeropoint::kernels::reference {
namespace {

/// The low byte of v without its fraction; 0 when v is out of the range of int32.
std::uint8_t truncate(float v) {
  constexpr float kLimit = 0x1p31F;
  return v > -kLimit && v < kLimit ? static_cast<std::uint8_t>(static_cast<std::int32_t>(v)) : std::uint8_t{0};
}

float inverse(float d) { return d != 0 ? 1.0F / d : 0.0F; }

/// The largest magnitude gets code 127 or -127.
Block encode_q8_0(const float* x) {
  Block block;
  float largest = 0;
  for (int i = 0; i < kBlock; ++i) largest = std::max(largest, std::abs(x[i]));
  const float d = largest / 127;
  block.d = f32_to_f16(d);
  for (int i = 0; i < kBlock; ++i) block.codes[i] = truncate(std::round(x[i] * inverse(d)));
  return block;
}

/// The largest magnitude gets code 0, whatever its sign: d is negative when it is positive.
Block encode_signed(const float* x, int levels) {
  Block block;
  float peak = 0;
  for (int i = 0; i < kBlock; ++i) {
    if (std::abs(x[i]) > std::abs(peak)) peak = x[i];
  }
  const int zero = levels / 2;
  const float d = peak / static_cast<float>(-zero);
  block.d = f32_to_f16(d);
  for (int i = 0; i < kBlock; ++i) {
    const auto code = static_cast<std::int8_t>(truncate(x[i] * inverse(d) + (static_cast<float>(zero) + 0.5F)));
    block.codes[i] = static_cast<std::uint8_t>(std::min<int>(levels - 1, code));
  }
  return block;
}

Block encode_from_min(const float* x, int levels) {
  Block block;
  float min = std::numeric_limits<float>::max();
  float max = -min;
  for (int i = 0; i < kBlock; ++i) {
    min = std::min(min, x[i]);
    max = std::max(max, x[i]);
  }
  const float d = (max - min) / static_cast<float>(levels - 1);
  block.d = f32_to_f16(d);
  block.m = f32_to_f16(min);
  for (int i = 0; i < kBlock; ++i) {
    const auto code = static_cast<std::int8_t>(truncate((x[i] - min) * inverse(d) + 0.5F));
    block.codes[i] = static_cast<std::uint8_t>(std::min<int>(levels - 1, code));
  }
  return block;
}

}  // namespace

Block encode_block(GgmlType type, const float* x) {
  const BlockFormat format = block_format(type);
  if (type == GgmlType::q8_0) return encode_q8_0(x);
  return format.has_min ? encode_from_min(x, format.levels) : encode_signed(x, format.levels);
}

float mean_square(const float* row, std::int64_t columns) {
  float sum = 0;
  for (std::int64_t i = 0; i < columns; ++i) sum += row[i] * row[i];
  return sum / static_cast<float>(columns);
}

Block encode_weighted_block(GgmlType type, const float* x, const float* importance, float row_variance) {
  const BlockFormat format = block_format(type);
  float weights[kBlock];
  for (int i = 0; i < kBlock; ++i) weights[i] = importance[i] * std::sqrt(row_variance + x[i] * x[i]);
  Block block;
  if (!format.has_min) {
    block.d = f32_to_f16(search_scale(x, kBlock, format.levels / 2, weights, block.codes));
    return block;
  }
  const ScaleAndMin found =
      search_scale_and_min(x, kBlock, format.levels - 1, weights, kWeightedSteps, Distance::squared, block.codes);
  block.d = f32_to_f16(found.scale);
  block.m = f32_to_f16(-found.min);
  return block;
}

}  // namespace zeropoint::kernels::reference
