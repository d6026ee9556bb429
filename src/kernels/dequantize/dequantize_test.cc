#include "kernels/dequantize/dequantize.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_sizes;
using testing::for_each_target;

/// The kernels of one code type, under one name each.
template <class Code>
struct Kernels;
#define ZEROPOINT_KERNELS(Code, suffix)                                \
  template <>                                                          \
  struct Kernels<Code> {                                               \
    static constexpr auto uniform = dequantize_##suffix##_f32;         \
    static constexpr auto runs = dequantize_runs_##suffix##_f32;       \
    static constexpr auto columns = dequantize_columns_##suffix##_f32; \
  };
ZEROPOINT_KERNELS(std::uint8_t, u8)
ZEROPOINT_KERNELS(std::int8_t, i8)
ZEROPOINT_KERNELS(std::uint16_t, u16)
ZEROPOINT_KERNELS(std::int16_t, i16)
#undef ZEROPOINT_KERNELS

template <class Code>
void expect_reference(QParams grid) {
  std::mt19937 random(5);
  for (const std::int64_t n : awkward_sizes()) {
    for (const std::int64_t offset : {0, 1, 3}) {
      for (const Store store : {Store::cached, Store::streaming}) {
        std::vector<Code> q(static_cast<std::size_t>(n + offset));
        for (Code& code : q) code = static_cast<Code>(random());
        std::vector<float> want(static_cast<std::size_t>(n + offset + 1), -7.0F);
        std::vector<float> got = want;
        reference::dequantize_f32(q.data() + offset, n, grid, want.data() + offset);
        Kernels<Code>::uniform(q.data() + offset, n, grid, got.data() + offset, store);
        ASSERT_EQ(std::memcmp(got.data(), want.data(), want.size() * sizeof(float)), 0) << n << " at " << offset;
      }
    }
  }
}

TEST(DequantizeKernel, EveryTargetMatchesTheReference) {
  for_each_target([] {
    expect_reference<std::uint8_t>({0.0213F, 120});
    expect_reference<std::int8_t>({3e37F, -128});      // overflows to infinity at the far end
    expect_reference<std::uint16_t>({1e-42F, 65535});  // subnormal scale
    expect_reference<std::int16_t>({0.1F, -32768});
  });
}

struct ManyGrids {
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;
  explicit ManyGrids(std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) {
      scales.push_back(0.01F * static_cast<float>(i % 17 + 1));
      zero_points.push_back(static_cast<std::int32_t>(i * 37 % 128));
    }
  }
  GridSpan span() const { return {scales.data(), zero_points.data(), static_cast<std::int64_t>(scales.size()), {}}; }
};

template <class Code>
void expect_many_grids_match(std::int64_t size, std::int64_t count) {
  std::mt19937 random(static_cast<std::uint32_t>(size * count));
  std::vector<Code> q(static_cast<std::size_t>(size * count + 1));
  for (Code& code : q) code = static_cast<Code>(random());
  const ManyGrids grids(count);
  std::vector<float> want(q.size(), -7.0F);
  std::vector<float> got = want;
  reference::dequantize_runs_f32(q.data() + 1, size, grids.span(), want.data());
  Kernels<Code>::runs(q.data() + 1, size, grids.span(), got.data());
  ASSERT_EQ(got, want) << count << " runs of " << size;
  reference::dequantize_columns_f32(q.data() + 1, size, grids.span(), want.data());
  Kernels<Code>::columns(q.data() + 1, size, grids.span(), got.data());
  ASSERT_EQ(got, want) << size << " rows of " << count;
}

TEST(DequantizeKernel, RunsAndColumnsMatchTheReferenceOnEveryTarget) {
  for_each_target([] {
    for (const std::int64_t size : {0, 1, 5, 16, 31, 32, 100}) {
      for (const std::int64_t count : {0, 1, 3, 16, 17, 100, 1100}) {
        expect_many_grids_match<std::uint8_t>(size, count);
        expect_many_grids_match<std::int8_t>(size, count);
        expect_many_grids_match<std::uint16_t>(size, count);
        expect_many_grids_match<std::int16_t>(size, count);
      }
    }
  });
}

TEST(DequantizeKernel, ZeroPointIsExactlyZero) {
  const std::uint8_t q[] = {113, 114};
  float x[2];
  dequantize_u8_f32(q, 2, {0.0066F, 113}, x);
  EXPECT_EQ(x[0], 0.0F);
  EXPECT_EQ(x[1], 0.0066F);
}

}  // namespace
}  // namespace zeropoint
