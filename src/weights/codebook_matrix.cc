#include "weights/codebook_matrix.h"

#include <array>
#include <cmath>
#include <vector>

#include "weights/all_rows.h"

namespace zeropoint {
namespace {

constexpr std::array<float, 16> kNf4 = {-1.0F,
                                        -0.6961928009986877F,
                                        -0.5250730514526367F,
                                        -0.39491748809814453F,
                                        -0.28444138169288635F,
                                        -0.18477343022823334F,
                                        -0.09105003625154495F,
                                        0.0F,
                                        0.07958029955625534F,
                                        0.16093020141124725F,
                                        0.24611230194568634F,
                                        0.33791524171829224F,
                                        0.44070982933044434F,
                                        0.5626170039176941F,
                                        0.7229568362236023F,
                                        1.0F};

/// Decade d of seven holds the middles of 2^d equal parts of [0.1, 1], times 10^(d - 6); each with both signs. 0 and 1
/// make 256.
std::array<float, 256> make_dynamic_levels() {
  constexpr int kDecades = 7;
  std::array<float, 256> levels{};
  std::size_t n = 0;
  for (int decade = 0; decade < kDecades; ++decade) {
    const int parts = 1 << decade;
    const double factor = std::pow(10.0, decade - (kDecades - 1));
    const auto border = [&](int i) { return static_cast<float>(0.1 + 0.9 * i / parts); };
    for (int i = 0; i < parts; ++i) {
      const float middle = (border(i) + border(i + 1)) / 2;
      const auto level = static_cast<float>(factor * static_cast<double>(middle));
      levels[n++] = level;
      levels[n++] = -level;
    }
  }
  levels[n++] = 0;
  levels[n++] = 1;
  std::sort(levels.begin(), levels.end());
  return levels;
}

}  // namespace

std::span<const float> nf4_levels() { return kNf4; }

std::span<const float> dynamic_8bit_levels() {
  static const std::array<float, 256> levels = make_dynamic_levels();
  return levels;
}

void block_factors(const CodebookMatrix& matrix, std::int64_t begin, std::int64_t end, float* factors) {
  if (!matrix.nested) {
    std::copy(matrix.absmax.data<float>() + begin, matrix.absmax.data<float>() + end, factors);
    return;
  }
  const NestedAbsmax& nested = *matrix.nested;
  for (std::int64_t b = begin; b < end; ++b) {
    const float level = nested.levels.data<float>()[nested.codes.data<std::uint8_t>()[b]];
    factors[b - begin] = level * nested.absmax.data<float>()[b / nested.block_size] + nested.offset;
  }
}

void dequantize_rows(const CodebookMatrix& matrix, std::int64_t begin, std::int64_t end, float* values) {
  const std::int64_t first = begin * matrix.columns;
  const std::int64_t last = end * matrix.columns;
  if (first == last) return;
  const std::int64_t block = matrix.scheme.block_size;
  const std::int64_t first_block = first / block;
  std::vector<float> factors(static_cast<std::size_t>((last - 1) / block + 1 - first_block));
  block_factors(matrix, first_block, first_block + static_cast<std::int64_t>(factors.size()), factors.data());
  const auto* codes = matrix.codes.data<std::uint8_t>();
  const auto* levels = matrix.levels.data<float>();
  for (std::int64_t i = first; i < last; ++i) {
    const int code = i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & 15;
    values[i - first] = levels[code] * factors[static_cast<std::size_t>(i / block - first_block)];
  }
}

Tensor dequantize(const CodebookMatrix& matrix) { return dequantize_all_rows(matrix); }

}  // namespace zeropoint
