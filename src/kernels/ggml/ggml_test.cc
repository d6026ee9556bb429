#include "kernels/ggml/ggml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/parallel.h"
#include "support/ggml_types.h"
#include "support/simd_targets.h"

namespace zeropoint::kernels {
namespace {

using ::testing::ElementsAre;
using testing::for_each_target;
using testing::ggml_types;

using Bytes = std::vector<std::byte>;

Bytes quantize(GgmlType type, const std::vector<float>& x, std::int64_t columns, std::span<const float> importance = {},
               decltype(&ggml_quantize) with = ggml_quantize) {
  const auto n = static_cast<std::int64_t>(x.size());
  Bytes blocks(static_cast<std::size_t>(n / ggml_block_size(type)) * ggml_block_bytes(type), std::byte{77});
  with(type, x.data(), n / columns, columns, importance, blocks.data());
  return blocks;
}

std::vector<float> dequantize(GgmlType type, const Bytes& blocks, decltype(&ggml_dequantize) with = ggml_dequantize) {
  const std::size_t n = blocks.size() / ggml_block_bytes(type) * static_cast<std::size_t>(ggml_block_size(type));
  std::vector<float> x(n);
  with(type, blocks.data(), static_cast<std::int64_t>(n), x.data());
  return x;
}

std::string hex(const Bytes& bytes, std::size_t n) {
  std::string text;
  for (std::size_t i = 0; i < n; ++i) {
    for (const int shift : {4, 0}) text += "0123456789abcdef"[(std::to_integer<int>(bytes[i]) >> shift) & 15];
  }
  return text;
}

// The generator of scripts/golden-ggml-blocks.py.
double uniform(std::uint64_t seed, std::uint64_t i) {
  std::uint64_t z = seed + (i + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z = (z ^ (z >> 31)) >> 11;
  return (static_cast<double>(z) + 0.5) * 0x1p-53;
}

double sample(const std::string& kind, std::uint64_t i) {
  const double u = 2 * uniform(7, i) - 1;
  if (kind == "heavy") return u * u * u;
  if (kind == "shifted") return u * 0.125 - 3;
  if (kind == "outliers") return i % 97 == 5 ? 100 * u : u;
  if (kind == "ties") return std::floor(u * 8) / 2;
  if (kind == "tiny") return u * 0x1p-130;
  if (kind == "huge") return u * 0x1p127;
  if (kind == "patches") return std::ldexp(u, -static_cast<int>(i / 16 % 13)) * (i / 32 % 5 != 3 ? 1 : 0);  // 0 and -0
  return u;
}

constexpr std::int64_t kColumns = 512;
constexpr std::int64_t kRows = 20;

std::vector<float> samples(const std::string& kind, std::int64_t rows = kRows) {
  std::vector<float> x(static_cast<std::size_t>(rows * kColumns));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(sample(kind, i));
  return x;
}

std::vector<float> importance() {
  std::vector<float> weights(kColumns);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double u = uniform(11, i);
    weights[i] = i % 7 == 3 ? 0.0F : static_cast<float>(u * u);
  }
  return weights;
}

std::uint64_t fnv(const Bytes& bytes) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001B3U;
  return hash;
}

GgmlType type_named(std::string_view word) {
  const std::vector<GgmlType> types = ggml_types();
  return *std::ranges::find(types, word, [](GgmlType type) { return name(type); });
}

struct Golden {
  const char* kind;
  const char* type;
  bool weighted;
  std::uint64_t checksum;
  std::string first_block;
};

TEST(GgmlBlocks, AreThoseOfGgmlsQuantizer) {
  const Golden golden[] = {
#include "kernels/ggml/golden_blocks.inc"
  };
  const std::vector<float> weights = importance();
  for (const Golden& expected : golden) {
    const GgmlType type = type_named(expected.type);
    const std::vector<float> x = samples(expected.kind);
    const Bytes blocks = quantize(type, x, kColumns, expected.weighted ? std::span(weights) : std::span<const float>());
    const char* with = expected.weighted ? " with importance" : "";
    EXPECT_EQ(fnv(blocks), expected.checksum) << expected.type << " of " << expected.kind << with;
    if (!expected.first_block.empty()) {
      EXPECT_EQ(hex(blocks, ggml_block_bytes(type)), expected.first_block) << expected.type << with;
    }
  }
}

TEST(GgmlBlocks, EveryTargetMatchesTheReference) {
  const std::vector<float> weights = importance();
  for_each_target([&] {
    for (const GgmlType type : ggml_types()) {
      for (const char* kind : {"heavy", "shifted", "ties", "tiny", "huge", "patches"}) {
        for (const std::int64_t rows : {1, 9, 17}) {  // 2, 18 and 34 super-blocks
          const std::vector<float> x = samples(kind, rows);
          for (const std::span<const float> with : {std::span<const float>(), std::span<const float>(weights)}) {
            const Bytes expected = quantize(type, x, kColumns, with, reference::ggml_quantize);
            ASSERT_EQ(quantize(type, x, kColumns, with), expected)
                << name(type) << " of " << kind << ", " << rows << " rows" << (with.empty() ? "" : ", weighted");
            const std::vector<float> back = dequantize(type, expected);
            const std::vector<float> values = dequantize(type, expected, reference::ggml_dequantize);
            ASSERT_EQ(std::memcmp(back.data(), values.data(), back.size() * sizeof(float)), 0)
                << name(type) << " of " << kind << ", back to floats";
          }
        }
      }
    }
  });
}

TEST(GgmlBlocks, TheLargestMagnitudeOfABlockGetsTheLowestCode) {
  std::vector<float> x(32, 0.0F);
  x[0] = -8;
  x[1] = 7;
  x[17] = 3.4F;
  const Bytes block = quantize(GgmlType::q4_0, x, 32);
  EXPECT_EQ(hex(block, 18), "003c80bf8888888888888888888888888888");  // float16 1, then nibbles of values 16 + j and j
  const std::vector<float> back = dequantize(GgmlType::q4_0, block);
  EXPECT_THAT(std::vector(back.begin(), back.begin() + 3), ElementsAre(-8, 7, 0));
  EXPECT_EQ(back[17], 3);
}

TEST(GgmlBlocks, RowsMayComeInAnyNumberOfCalls) {
  const std::vector<float> x = samples("heavy");
  const std::vector<float> weights = importance();
  for (const GgmlType type : ggml_types()) {
    const Bytes whole = quantize(type, x, kColumns, weights);
    Bytes parts(whole.size());
    const std::size_t row_bytes = whole.size() / kRows;
    for (const auto& [first, rows] : {std::pair{0, 1}, {1, 2}, {3, 17}}) {
      ggml_quantize(type, x.data() + first * kColumns, rows, kColumns, weights,
                    parts.data() + static_cast<std::size_t>(first) * row_bytes);
    }
    EXPECT_EQ(parts, whole) << name(type);
    ggml_quantize(type, x.data(), 0, kColumns, weights, parts.data());
    EXPECT_EQ(parts, whole) << name(type);
  }
}

TEST(GgmlBlocks, AreTheSameForAnyNumberOfThreads) {
  const std::vector<float> x = samples("heavy", 400);
  for (const GgmlType type : {GgmlType::q8_0, GgmlType::q4_k, GgmlType::bf16}) {
    set_num_threads(1);
    const Bytes alone = quantize(type, x, kColumns);
    set_num_threads(3);
    EXPECT_EQ(quantize(type, x, kColumns), alone) << name(type);
    EXPECT_EQ(dequantize(type, alone).size(), x.size());
    set_num_threads(0);
  }
}

TEST(GgmlTypes, AreKnownByNameAndNumber) {
  EXPECT_EQ(ggml_types().size(), 13U);
  for (const GgmlType type : ggml_types()) EXPECT_EQ(ggml_type(static_cast<std::uint32_t>(type)), type);
  EXPECT_EQ(name(GgmlType::q4_k), "Q4_K");
  EXPECT_EQ(ggml_type(4), std::nullopt);
  EXPECT_EQ(ggml_block_size(GgmlType::q6_k), 256);
  EXPECT_EQ(ggml_block_bytes(GgmlType::q6_k), 210);
  EXPECT_EQ(ggml_block_size(GgmlType::bf16), 1);
}

}  // namespace
}  // namespace zeropoint::kernels
