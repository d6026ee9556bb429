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

/// The kernels of one code type, under one name each.
template <class Code>
struct Kernels;
template <>
struct Kernels<std::uint8_t> {
  static constexpr auto uniform = quantize_f32_u8;
  static constexpr auto runs = quantize_runs_f32_u8;
  static constexpr auto columns = quantize_columns_f32_u8;
};
template <>
struct Kernels<std::int8_t> {
  static constexpr auto uniform = quantize_f32_i8;
  static constexpr auto runs = quantize_runs_f32_i8;
  static constexpr auto columns = quantize_columns_f32_i8;
};
template <>
struct Kernels<std::uint16_t> {
  static constexpr auto uniform = [](const float* x, std::int64_t n, const CodeGrid& grid, std::uint16_t* q, Store) {
    return quantize_f32_u16(x, n, grid, q);
  };
  static constexpr auto columns = quantize_columns_f32_u16;
};
template <>
struct Kernels<std::int16_t> {
  static constexpr auto uniform = [](const float* x, std::int64_t n, const CodeGrid& grid, std::int16_t* q, Store) {
    return quantize_f32_i16(x, n, grid, q);
  };
  static constexpr auto columns = quantize_columns_f32_i16;
};

template <class Code>
void expect_reference(const std::vector<float>& data, std::int64_t offset, const CodeGrid& grid, Store store) {
  const float* x = data.data() + offset;
  const std::int64_t n = static_cast<std::int64_t>(data.size()) - offset;
  constexpr Code kGuard = 77;
  std::vector<Code> want(static_cast<std::size_t>(n + offset + 1), kGuard);
  std::vector<Code> got = want;
  const bool finite = reference::quantize_f32(x, n, grid, want.data() + offset);
  EXPECT_EQ(Kernels<Code>::uniform(x, n, grid, got.data() + offset, store), finite);
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
          ++seed;
          const auto data = awkward_floats(n + offset, 0.0213F, seed, seed % 2 == 0);
          expect_reference<std::uint8_t>(data, offset, {0.0213F, 120, {0, 255}}, store);
          expect_reference<std::int8_t>(data, offset, {0.0213F, -7, {-128, 127}}, store);
          expect_reference<std::uint16_t>(data, offset, {0.0213F, 40000, {0, 65535}}, store);
          expect_reference<std::int16_t>(data, offset, {0.0213F, -7, {-32768, 32767}}, store);
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
      expect_reference<std::uint16_t>(data, 0, {scale / 200, 65535, {0, 65535}}, Store::cached);
      expect_reference<std::int16_t>(data, 0, {scale / 200, -32768, {-32768, 32767}}, Store::cached);
      expect_reference<std::int16_t>(data, 0, {scale, 0, {-32767, 32767}}, Store::cached);
    }
  });
}

/// n grids around 0.02, some of which refuse multiplication, with zero points in the codes.
struct ManyGrids {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
  CodeRange codes;

  ManyGrids(std::int64_t n, CodeRange code_range, bool refuse_all) : codes(code_range) {
    std::mt19937 random(static_cast<std::uint32_t>(n));
    std::uniform_int_distribution<std::int32_t> zero_point(codes.min, codes.max);
    for (std::int64_t i = 0; i < n; ++i) {
      float scale = 0.02F + 0.0001F * static_cast<float>(random() % 100);
      if (refuse_all || i == 70) scale = std::bit_cast<float>((std::bit_cast<std::int32_t>(scale) & ~0xFFFF) + 1);
      scales.push_back(scale);
      zero_points.push_back(zero_point(random));
    }
  }
  GridSpan span() const { return {scales.data(), zero_points.data(), static_cast<std::int64_t>(scales.size()), codes}; }
};

template <class Code>
void expect_runs_match(std::int64_t run, std::int64_t count, bool refuse_all, CodeRange codes) {
  const ManyGrids grids(count, codes, refuse_all);
  const auto x = awkward_floats(run * count + 1, 0.02F, static_cast<std::uint32_t>(run + count), count % 2 == 1);
  std::vector<Code> want(x.size() + 1, 77);
  std::vector<Code> got = want;
  const bool finite = reference::quantize_runs_f32(x.data() + 1, run, grids.span(), want.data() + 1);
  EXPECT_EQ(Kernels<Code>::runs(x.data() + 1, run, grids.span(), got.data() + 1), finite);
  EXPECT_EQ(got, want) << "run " << run << " count " << count;
}

TEST(QuantizeKernel, RunsMatchTheReferenceOnEveryTarget) {
  for_each_target([] {
    for (const std::int64_t run : {1, 7, 8, 16, 31, 32, 33, 64, 100, 128, 300}) {
      for (const std::int64_t count : {0, 1, 2, 15, 16, 17, 40}) {
        for (const bool refuse_all : {false, true}) {
          expect_runs_match<std::uint8_t>(run, count, refuse_all, {0, 255});
          expect_runs_match<std::int8_t>(run, count, refuse_all, {-8, 7});
        }
      }
    }
  });
}

template <class Code>
void expect_columns_match(std::int64_t rows, std::int64_t columns, bool refuse_all, CodeRange codes) {
  const ManyGrids grids(columns, codes, refuse_all);
  const auto x = awkward_floats(rows * columns + 1, 0.02F, static_cast<std::uint32_t>(rows * columns), rows == 5);
  std::vector<Code> want(x.size() + 1, 77);
  std::vector<Code> got = want;
  const bool finite = reference::quantize_columns_f32(x.data() + 1, rows, grids.span(), want.data() + 1);
  EXPECT_EQ(Kernels<Code>::columns(x.data() + 1, rows, grids.span(), got.data() + 1), finite);
  EXPECT_EQ(got, want) << rows << " rows of " << columns;
}

TEST(QuantizeKernel, ColumnsMatchTheReferenceOnEveryTarget) {
  for_each_target([] {
    for (const std::int64_t rows : {0, 1, 4, 5}) {
      for (const std::int64_t columns : {1, 7, 16, 63, 64, 65, 300, 1024, 1100}) {
        for (const bool refuse_all : {false, true}) {
          expect_columns_match<std::uint8_t>(rows, columns, refuse_all, {0, 255});
          expect_columns_match<std::int8_t>(rows, columns, refuse_all, {-127, 127});
          expect_columns_match<std::uint16_t>(rows, columns, refuse_all, {0, 65535});
          expect_columns_match<std::int16_t>(rows, columns, refuse_all, {-32768, 32767});
        }
      }
    }
  });
}

// 1/128 divided by the float below 1/64 is above 1/2 and rounds to 1; multiplied by the reciprocal it would be 0.
TEST(QuantizeKernel, TheOneGridThatMustDivideDividesAmongManyThatMultiply) {
  for_each_target([] {
    for (const std::int64_t run : {16, 32, 100}) {
      ManyGrids grids(100, {0, 255}, false);
      grids.scales[70] = std::nextafter(0.015625F, 0.0F);
      grids.zero_points[70] = 0;
      const std::vector<float> x(static_cast<std::size_t>(run) * 100, 0.0078125F);
      std::vector<std::uint8_t> q(x.size());
      quantize_runs_f32_u8(x.data(), run, grids.span(), q.data());
      EXPECT_EQ(q[static_cast<std::size_t>(run) * 70], 1) << "run " << run;
      quantize_columns_f32_u8(x.data(), run, grids.span(), q.data());
      EXPECT_EQ(q[70], 1) << run << " rows";
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
