#include "kernels/quantize/quantize.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "kernels/divider.h"
#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_floats;
using testing::awkward_sizes;
using testing::for_each_target;

bool run(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q, Store store) {
  return quantize_f32_u8(x, n, grid, q, store);
}
bool run(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store) {
  return quantize_f32_i8(x, n, grid, q, store);
}

template <class Code>
void expect_reference(const std::vector<float>& data, std::int64_t offset, const CodeGrid& grid, Store store) {
  const float* x = data.data() + offset;
  const std::int64_t n = static_cast<std::int64_t>(data.size()) - offset;
  constexpr Code kGuard = 77;
  std::vector<Code> want(static_cast<std::size_t>(n + offset + 1), kGuard);
  std::vector<Code> got = want;
  const bool finite = reference::quantize_f32(x, n, grid, want.data() + offset);
  EXPECT_EQ(run(x, n, grid, got.data() + offset, store), finite);
  EXPECT_EQ(got, want) << "n " << n << " offset " << offset << " scale " << grid.scale;
}

/// Short mantissas, every kind that the exact multiplication refuses, and the ends of the range.
std::vector<float> awkward_scales() {
  std::vector<float> scales = {1.0F, 2.0F, 0.1F, 1.0F / 255, 0.0213F, 3.0F, 1e-7F, 1e-9F, 1e-38F, 1e-42F, 1e30F, 3e38F};
  for (const float base : {1.0F, 1.5F, 1.9921875F, 0.00390625F}) {
    for (int ulps = -3; ulps <= 3; ++ulps)
      scales.push_back(std::bit_cast<float>(std::bit_cast<std::int32_t>(base) + ulps));
  }
  return scales;
}

TEST(QuantizeKernel, EveryTargetMatchesTheReferenceForAllSizesAndAlignments) {
  for_each_target([] {
    std::uint32_t seed = 1;
    for (const std::int64_t n : awkward_sizes()) {
      for (const std::int64_t offset : {0, 1, 7}) {
        for (const Store store : {Store::cached, Store::streaming}) {
          const auto data = awkward_floats(n + offset, 0.0213F, ++seed, seed % 2 == 0);
          expect_reference<std::uint8_t>(data, offset, {0.0213F, 120, {0, 255}}, store);
          expect_reference<std::int8_t>(data, offset, {0.0213F, -7, {-128, 127}}, store);
        }
      }
    }
  });
}

TEST(QuantizeKernel, EveryTargetMatchesTheReferenceForAwkwardScales) {
  for_each_target([] {
    std::uint32_t seed = 100;
    for (const float scale : awkward_scales()) {
      const auto data = awkward_floats(1000, scale, ++seed, false);
      expect_reference<std::uint8_t>(data, 0, {scale, 255, {0, 255}}, Store::cached);
      expect_reference<std::uint8_t>(data, 0, {scale, 0, {0, 255}}, Store::cached);
      expect_reference<std::int8_t>(data, 0, {scale, 0, {-127, 127}}, Store::cached);
      expect_reference<std::int8_t>(data, 0, {scale, -128, {-128, 127}}, Store::cached);
      expect_reference<std::int8_t>(data, 0, {scale, 1, {-8, 7}}, Store::cached);
    }
  });
}

TEST(QuantizeKernel, NonFiniteValuesAreReportedWhereverTheyAre) {
  for_each_target([] {
    for (const std::int64_t at : {0, 63, 4095, 4096, 9999}) {
      std::vector<float> x(10000, 1.0F);
      std::vector<std::uint8_t> q(x.size());
      EXPECT_TRUE(quantize_f32_u8(x.data(), 10000, {1.0F, 3, {0, 255}}, q.data()));
      x[static_cast<std::size_t>(at)] = std::numeric_limits<float>::quiet_NaN();
      EXPECT_FALSE(quantize_f32_u8(x.data(), 10000, {1.0F, 3, {0, 255}}, q.data()));
      EXPECT_EQ(q[static_cast<std::size_t>(at)], 3);
      EXPECT_EQ(q[5000], 4);
    }
  });
}

// The heart of kernels/divider.h: around every tie that decides an 8-bit code, for every float next to it.
TEST(Divider, RoundsLikeTheTrueDivisionAroundEveryTie) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> exponent(-20, 20);
  int multiplied = 0;
  for (int i = 0; i < 3000; ++i) {
    float scale = std::exp2(exponent(random));
    if (i % 3 == 0) scale = std::bit_cast<float>((std::bit_cast<std::int32_t>(scale) & ~0xFFFF) + i % 41 - 20);
    const Divider d = make_divider(scale, kTieBits8);
    if (!d.is_exact) continue;
    ++multiplied;
    for (int k = 0; k < 256; ++k) {
      float x = static_cast<float>((k + 0.5) * static_cast<double>(scale));
      for (int ulp = 0; ulp < 3; ++ulp) x = std::nextafter(x, 0.0F);
      for (int ulp = -3; ulp <= 3; ++ulp, x = std::nextafter(x, INFINITY)) {
        const float y = std::fma(x, d.hi, x * d.lo);
        ASSERT_EQ(std::nearbyint(y), std::nearbyint(x / scale)) << std::hexfloat << x << " / " << scale;
      }
    }
  }
  EXPECT_GT(multiplied, 2000);
}

TEST(Divider, RefusesScalesNextToShortMantissas) {
  EXPECT_TRUE(make_divider(1.5F, kTieBits8).is_exact);
  EXPECT_FALSE(make_divider(std::nextafter(1.5F, 2.0F), kTieBits8).is_exact);
  EXPECT_FALSE(make_divider(std::nextafter(1.5F, 0.0F), kTieBits8).is_exact);
  EXPECT_FALSE(make_divider(1e-30F, kTieBits8).is_exact);
  EXPECT_FALSE(make_divider(std::numeric_limits<float>::infinity(), kTieBits8).is_exact);
}

}  // namespace
}  // namespace zeropoint
