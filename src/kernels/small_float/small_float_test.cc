#include "kernels/small_float/small_float.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/simd_targets.h"

namespace zeropoint {
namespace {

using testing::awkward_floats;
using testing::awkward_sizes;
using testing::for_each_target;

constexpr SmallFloat kFormats[] = {kE4M3FN, kE4M3FNUZ, kE5M2, kE5M2FNUZ, kE2M1};

/// Every value of the format, every midpoint of neighbours and the floats beside it, both signs, and what is outside.
std::vector<float> values_and_midpoints(const SmallFloat& format) {
  std::vector<float> values = {NAN, INFINITY, 1e30F, 1e-30F, 1e-44F, 0.0F};
  for (int code = 0; code <= format.largest; ++code) {
    const float here = decode(static_cast<std::uint8_t>(code), format);
    const float next = code < format.largest ? decode(static_cast<std::uint8_t>(code + 1), format) : here * 1.1F;
    const float middle = (here + next) / 2;
    for (const float v : {here, middle, std::nextafter(middle, 0.0F), std::nextafter(middle, INFINITY)}) {
      values.push_back(v);
    }
  }
  const std::size_t n = values.size();
  for (std::size_t i = 0; i < n; ++i) values.push_back(-values[i]);
  return values;
}

TEST(SmallFloatKernel, EveryTargetEncodesEveryTieLikeTheReference) {
  for_each_target([] {
    for (const SmallFloat& format : kFormats) {
      for (const float scale : {1.0F, 0.37F}) {
        std::vector<float> x = values_and_midpoints(format);
        for (float& v : x) v *= scale;
        const auto n = static_cast<std::int64_t>(x.size());
        std::vector<std::uint8_t> got(x.size()), want(x.size()), each(x.size());
        EXPECT_EQ(encode_f32(x.data(), n, scale, format, got.data()), false);
        reference::encode_f32(x.data(), n, scale, format, want.data());
        ASSERT_EQ(got, want) << format.exponent_bits << " exponent bits";
        const std::vector<float> scales(x.size(), scale);
        encode_each_f32(x.data(), n, scales.data(), format, each.data());
        ASSERT_EQ(each, want);
      }
    }
  });
}

TEST(SmallFloatKernel, AnySizeAndAlignment) {
  for_each_target([] {
    for (const std::int64_t n : awkward_sizes()) {
      const auto x = awkward_floats(n + 1, 1.0F, static_cast<std::uint32_t>(n), n % 2 == 0);
      std::vector<std::uint8_t> want(static_cast<std::size_t>(n + 2), 77);
      auto got = want;
      const bool finite = reference::encode_f32(x.data() + 1, n, 0.5F, kE4M3FN, want.data() + 1);
      EXPECT_EQ(encode_f32(x.data() + 1, n, 0.5F, kE4M3FN, got.data() + 1), finite);
      ASSERT_EQ(got, want) << n;
    }
  });
}

TEST(SmallFloatKernel, DecodesByTable) {
  const DecodeTable table(kE2M1);
  const std::uint8_t codes[] = {0, 1, 7, 15};
  float x[4];
  decode_f32(codes, 4, 2.0F, table, x);
  EXPECT_EQ(x[0], 0.0F);
  EXPECT_EQ(x[1], 1.0F);
  EXPECT_EQ(x[2], 12.0F);
  EXPECT_EQ(x[3], -12.0F);
}

}  // namespace
}  // namespace zeropoint
