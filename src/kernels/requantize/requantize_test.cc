#include "kernels/requantize/requantize.h"

#include <gtest/gtest.h>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_sizes;
using testing::for_each_target;

constexpr Arithmetic kModes[] = {Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point};

void uniform(const std::int32_t* acc, std::int64_t n, const Rescale& r, const RequantizeTarget& t, std::uint8_t* q) {
  requantize_s32_u8(acc, n, r, t, q);
}
void uniform(const std::int32_t* acc, std::int64_t n, const Rescale& r, const RequantizeTarget& t, std::int8_t* q) {
  requantize_s32_i8(acc, n, r, t, q);
}
void columns(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& r, const RequantizeTarget& t,
             std::uint8_t* q) {
  requantize_columns_s32_u8(acc, rows, r, t, q);
}
void columns(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& r, const RequantizeTarget& t,
             std::int8_t* q) {
  requantize_columns_s32_i8(acc, rows, r, t, q);
}

/// Small and large accumulators, the extremes, and (multiplier 2^-k) plenty of ties.
std::vector<std::int32_t> accumulators(std::int64_t n, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::int32_t> acc(static_cast<std::size_t>(n));
  for (std::int32_t& a : acc) {
    const std::uint32_t bits = random();
    switch (bits % 8) {
      case 0:
        a = static_cast<std::int32_t>(random());
        break;
      case 1:
        a = bits % 16 == 1 ? 2147483647 : -2147483647 - 1;
        break;
      default:
        a = static_cast<std::int32_t>(random() % 65536) - 32768;
        break;
    }
  }
  return acc;
}

std::vector<Rescale> rescales(std::int64_t n, bool with_left_shift) {
  std::vector<Rescale> result;
  for (std::int64_t i = 0; i < n; ++i) {
    const float scale = i % 3 == 0 ? 0x1p-7F : 0.0003F * static_cast<float>(i + 1);
    result.push_back(make_rescale(scale, with_left_shift ? 200.0F : 1.0F, 1.0F));
  }
  return result;
}

template <class Code>
void expect_reference(const RequantizeTarget& target) {
  std::uint32_t seed = 1;
  for (const std::int64_t n : awkward_sizes()) {
    for (const bool left : {false, true}) {
      const auto acc = accumulators(n + 1, ++seed);
      const Rescale rescale = rescales(4, left)[seed % 4];
      std::vector<Code> want(static_cast<std::size_t>(n + 2), 99);
      std::vector<Code> got = want;
      reference::requantize_s32(acc.data() + 1, n, {&rescale, 1}, target, want.data() + 1);
      uniform(acc.data() + 1, n, rescale, target, got.data() + 1);
      ASSERT_EQ(got, want) << "n " << n << " " << name(target.arithmetic);
    }
  }
  for (const std::int64_t width : {1, 5, 16, 63, 64, 65, 200}) {
    for (const bool left : {false, true}) {
      const std::int64_t rows = 3;
      const auto acc = accumulators(rows * width, ++seed);
      const auto per_column = rescales(width, left);
      std::vector<Code> want(acc.size() + 1, 99);
      std::vector<Code> got = want;
      reference::requantize_s32(acc.data(), rows * width, per_column, target, want.data());
      columns(acc.data(), rows, ColumnRescale(per_column), target, got.data());
      ASSERT_EQ(got, want) << "width " << width << " " << name(target.arithmetic);
    }
  }
}

TEST(RequantizeKernel, EveryTargetAndModeMatchesTheReference) {
  for_each_target([] {
    for (const Arithmetic mode : kModes) {
      expect_reference<std::uint8_t>({118, {0, 255}, mode});
      expect_reference<std::int8_t>({-3, {-127, 127}, mode});
      expect_reference<std::int8_t>({2, {-8, 7}, mode});
    }
  });
}

}  // namespace
}  // namespace zeropoint
