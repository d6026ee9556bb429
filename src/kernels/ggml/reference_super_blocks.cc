// Super-blocks of 256 values: every sub-block's scale is searched, then the scales are quantized in their turn, and the
// values are rounded once more to the scales that will be read back.
#include <algorithm>
#include <cmath>

#include "base/float16.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/reference.h"

namespace zeropoint::kernels::reference {
namespace {

float sum_of_squares(const float* x, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += x[i] * x[i];
  return sum;
}

/// importance * sqrt(variance + x^2).
void weigh(const float* x, int n, const float* importance, float variance, float* weights) {
  for (int i = 0; i < n; ++i) weights[i] = importance[i] * std::sqrt(variance + x[i] * x[i]);
}

float sum_of(const float* values, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) sum += values[i];
  return sum;
}

/// The codes of one sub-block on the grid that is read back; a scale of 0 keeps those of the search.
template <class CodeOf>
void round_again(float d, int n, std::uint8_t* codes, const CodeOf& code_of) {
  if (d == 0) return;
  for (int i = 0; i < n; ++i) codes[i] = static_cast<std::uint8_t>(code_of(i));
}

/// Where the code of a negative scale ends in Q5_K. Q2_K and Q4_K do not limit it.
constexpr std::uint8_t kLargestQ5Scale = 63;

/// Scales and mins as a reader will see them. A search with sparse importance may end in a negative scale, whose code
/// loses its upper bits in the file.
void store_scales(GgmlType type, SuperBlock& block) {
  std::byte bytes[kSuperBlock];
  pack_header(type, block, bytes);
  unpack_header(type, bytes, block);
}

/// Scales or mins in steps of the largest / qmax. Returns the step.
float quantize_positive(const float* values, int n, int qmax, std::uint8_t* codes) {
  float max = 0;
  for (int j = 0; j < n; ++j) max = std::max(max, values[j]);
  const auto top = static_cast<float>(qmax);
  const float inverse = max > 0 ? top / max : 0.0F;
  for (int j = 0; j < n; ++j) {
    codes[j] =
        static_cast<std::uint8_t>(std::min<int>(qmax, static_cast<std::uint8_t>(nearest_int(inverse * values[j]))));
  }
  return max / top;
}

SuperBlock encode_affine(GgmlType type, const float* x, const float* importance) {
  const AffineFormat format = affine_format(type);
  const int n = format.sub_block;
  const int sub_blocks = kSuperBlock / n;
  SuperBlock block;
  float scales[16];
  float mins[16];
  float weight_sums[16];
  float weights[kBlock];
  const float variance = importance != nullptr ? format.spread * sum_of_squares(x, kSuperBlock) / kSuperBlock : 0.0F;
  for (int j = 0; j < sub_blocks; ++j) {
    const float* sub = x + j * n;
    if (importance != nullptr) {
      weigh(sub, n, importance + j * n, variance, weights);
    } else {
      const float typical = type == GgmlType::q2_k ? 0.0F : std::sqrt(sum_of_squares(sub, n) / static_cast<float>(n));
      for (int i = 0; i < n; ++i) weights[i] = typical + std::abs(sub[i]);
    }
    weight_sums[j] = sum_of(weights, n);
    const GridSteps& steps = importance != nullptr ? kWeightedSteps : format.steps;
    const Distance distance = importance != nullptr ? Distance::squared : format.distance;
    const ScaleAndMin found = search_scale_and_min(sub, n, format.qmax, weights, steps, distance, block.codes + j * n);
    scales[j] = found.scale;
    mins[j] = found.min;
  }

  std::uint8_t scale_codes[16];
  const auto quantize = [&](const float* values, std::uint8_t* codes) {
    return importance != nullptr ? search_positive_scale(values, sub_blocks, format.scale_qmax, weight_sums, codes)
                                 : quantize_positive(values, sub_blocks, format.scale_qmax, codes);
  };
  block.d = f32_to_f16(quantize(scales, scale_codes));
  block.dmin = f32_to_f16(quantize(mins, block.mins));
  for (int j = 0; j < sub_blocks && type == GgmlType::q5_k; ++j) {
    scale_codes[j] = std::min(scale_codes[j], kLargestQ5Scale);
    block.mins[j] = std::min(block.mins[j], kLargestQ5Scale);
  }
  std::copy_n(scale_codes, sub_blocks, block.scales);
  store_scales(type, block);

  for (int j = 0; j < sub_blocks; ++j) {
    const float* sub = x + j * n;
    const float d = f16_to_f32(block.d) * static_cast<float>(block.scales[j]);
    const float min = f16_to_f32(block.dmin) * static_cast<float>(block.mins[j]);
    round_again(d, n, block.codes + j * n,
                [&](int i) { return std::clamp(nearest_int((sub[i] + min) / d), 0, format.qmax); });
  }
  return block;
}

/// Q3_K with importance searches the scale of the scales, too; otherwise the largest gets code -32 (Q3_K) or
/// -128 (Q6_K).
void quantize_scales(GgmlType type, const float* scales, const float* weight_sums, SuperBlock& block) {
  std::uint8_t codes[kSymmetricSubBlocks];
  if (weight_sums != nullptr) {
    constexpr int kZero = 32;
    block.d = f32_to_f16(search_scale(scales, kSymmetricSubBlocks, kZero, weight_sums, codes));
    for (int j = 0; j < kSymmetricSubBlocks; ++j) block.scales[j] = static_cast<std::int8_t>(codes[j] - kZero);
    return;
  }
  float largest = 0;
  for (int j = 0; j < kSymmetricSubBlocks; ++j) {
    if (std::abs(scales[j]) > std::abs(largest)) largest = scales[j];
  }
  if (largest == 0) {
    if (type == GgmlType::q3_k) std::fill_n(block.scales, kSymmetricSubBlocks, std::int8_t{-32});
    return;
  }
  const int lowest = type == GgmlType::q3_k ? -32 : -128;
  const float inverse = static_cast<float>(lowest) / largest;
  block.d = f32_to_f16(1 / inverse);
  for (int j = 0; j < kSymmetricSubBlocks; ++j) {
    block.scales[j] = static_cast<std::int8_t>(std::clamp(nearest_int(inverse * scales[j]), lowest, -lowest - 1));
  }
}

SuperBlock encode_symmetric(GgmlType type, const float* x, const float* importance) {
  constexpr int n = kSymmetricSubBlock;
  const int qmax = symmetric_qmax(type);
  const bool is_q3 = type == GgmlType::q3_k;
  SuperBlock block;
  float scales[kSymmetricSubBlocks];
  float weight_sums[kSymmetricSubBlocks];
  float weights[n];
  const float variance = importance != nullptr ? 2 * sum_of_squares(x, kSuperBlock) / kSuperBlock : 0.0F;
  float largest = 0;
  for (int j = 0; j < kSymmetricSubBlocks; ++j) {
    const float* sub = x + j * n;
    std::uint8_t* codes = block.codes + j * n;
    if (importance == nullptr) {
      scales[j] = is_q3 ? refine_scale(sub, n, qmax, codes) : search_scale(sub, n, qmax, nullptr, codes);
    } else if (is_q3) {
      weigh(sub, n, importance + j * n, variance, weights);
      weight_sums[j] = sum_of(weights, n);
      scales[j] = search_scale(sub, n, qmax, weights, codes);
    } else {
      scales[j] = search_scale(sub, n, qmax, importance + j * n, codes);
    }
    largest = std::max(largest, std::abs(scales[j]));
  }
  if (!is_q3 && largest < kSmallestMagnitude) return {};
  quantize_scales(type, scales, is_q3 && importance != nullptr ? weight_sums : nullptr, block);

  for (int j = 0; j < kSymmetricSubBlocks; ++j) {
    const float* sub = x + j * n;
    const float d = f16_to_f32(block.d) * static_cast<float>(block.scales[j]);
    round_again(d, n, block.codes + j * n,
                [&](int i) { return qmax + std::clamp(nearest_int(sub[i] / d), -qmax, qmax - 1); });
  }
  return block;
}

}  // namespace

SuperBlock encode_super_block(GgmlType type, const float* x, const float* importance) {
  return is_affine(type) ? encode_affine(type, x, importance) : encode_symmetric(type, x, importance);
}

}  // namespace zeropoint::kernels::reference
