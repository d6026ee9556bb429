#include "base/float8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace zeropoint {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr DType kSmallFloats[] = {DType::f8e4m3fn, DType::f8e4m3fnuz, DType::f8e5m2, DType::f8e5m2fnuz, DType::f4e2m1};

TEST(Float8, EveryCodeOfFloat4) {
  const float expected[] = {0, .5, 1, 1.5, 2, 3, 4, 6};
  for (std::uint8_t code = 0; code < 8; ++code) {
    EXPECT_EQ(decode(code, kE2M1), expected[code]);
    EXPECT_EQ(decode(code | 8, kE2M1), -expected[code]);
  }
}

TEST(Float8, LandmarksOfTheSpecification) {
  EXPECT_EQ(decode(0x7E, kE4M3FN), 448);
  EXPECT_EQ(decode(0x01, kE4M3FN), 0x1p-9F);
  EXPECT_EQ(decode(0x08, kE4M3FN), 0x1p-6F);
  EXPECT_TRUE(std::isnan(decode(0x7F, kE4M3FN)));
  EXPECT_EQ(decode(0x7F, kE4M3FNUZ), 240);
  EXPECT_TRUE(std::isnan(decode(0x80, kE4M3FNUZ)));
  EXPECT_EQ(decode(0x7B, kE5M2), 57344);
  EXPECT_EQ(decode(0x7C, kE5M2), kInf);
  EXPECT_EQ(decode(0xFC, kE5M2), -kInf);
  EXPECT_TRUE(std::isnan(decode(0x7D, kE5M2)));
  EXPECT_EQ(decode(0x01, kE5M2), 0x1p-16F);
  EXPECT_EQ(decode(0x7F, kE5M2FNUZ), 57344);
}

TEST(Float8, DecodedCodesEncodeToThemselves) {
  for (const DType dtype : kSmallFloats) {
    const SmallFloat& format = *small_float(dtype);
    for (int code = 0; code < (1 << bits(dtype)); ++code) {
      const float value = decode(static_cast<std::uint8_t>(code), format);
      if (std::isnan(value)) continue;
      EXPECT_EQ(encode(value, format, false), code) << name(dtype);
    }
  }
}

TEST(Float8, MidpointsGoToTheEvenCodeAndTheirNeighboursToTheNearest) {
  for (const DType dtype : kSmallFloats) {
    const SmallFloat& format = *small_float(dtype);
    for (int code = 0; code < format.largest; ++code) {
      const double low = decode(static_cast<std::uint8_t>(code), format);
      const double high = decode(static_cast<std::uint8_t>(code + 1), format);
      const double middle = (low + high) / 2;
      EXPECT_EQ(encode(middle, format, true), (code & 1) == 0 ? code : code + 1) << name(dtype);
      EXPECT_EQ(encode(std::nextafter(middle, low), format, true), code) << name(dtype);
      EXPECT_EQ(encode(std::nextafter(middle, high), format, true), code + 1) << name(dtype);
    }
  }
}

// The two tables of ONNX Cast-25, row by row.
TEST(Float8, OutOfRangeFollowsTheTablesOfCast) {
  const auto codes = [](double x, bool saturate) {
    return std::vector<int>{encode(x, kE4M3FN, saturate), encode(x, kE4M3FNUZ, saturate), encode(x, kE5M2, saturate),
                            encode(x, kE5M2FNUZ, saturate)};
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(codes(-0.0, true), ElementsAre(0x80, 0, 0x80, 0));
  EXPECT_THAT(codes(kNan, true), ElementsAre(0x7F, 0x80, 0x7E, 0x80));
  EXPECT_THAT(codes(-kNan, false), ElementsAre(0xFF, 0x80, 0xFE, 0x80));
  EXPECT_THAT(codes(kInf, true), ElementsAre(0x7E, 0x7F, 0x7B, 0x7F));
  EXPECT_THAT(codes(-1e6, true), ElementsAre(0xFE, 0xFF, 0xFB, 0xFF));
  EXPECT_THAT(codes(kInf, false), ElementsAre(0x7F, 0x80, 0x7C, 0x80));
  EXPECT_THAT(codes(-1e6, false), ElementsAre(0xFF, 0x80, 0xFC, 0x80));
  EXPECT_EQ(encode(464, kE4M3FN, false), 0x7E);  // a tie between 448 and 480, which is no code: even
  EXPECT_EQ(encode(464.1, kE4M3FN, false), 0x7F);
}

TEST(Float8, Float4HasNoNanAndNoInfinity) {
  EXPECT_EQ(encode(kInf, kE2M1, false), 7);
  EXPECT_EQ(encode(-9, kE2M1, false), 15);
  EXPECT_EQ(encode(kNan, kE2M1, false), 8);
}

TEST(Float8, DoublesRoundOnce) {
  // Just above the midpoint of 1 and 1.125; a float32 would fall on the midpoint and then to 1.
  EXPECT_EQ(encode(1.0625 + 0x1p-40, kE4M3FN, true), encode(1.125, kE4M3FN, true));
}

TEST(Float8, BareExponents) {
  EXPECT_EQ(decode_e8m0(0), 0x1p-127F);
  EXPECT_EQ(decode_e8m0(127), 1);
  EXPECT_TRUE(std::isnan(decode_e8m0(255)));
  EXPECT_EQ(encode_e8m0(1.1, E8M0Rounding::up, true), 128);
  EXPECT_EQ(encode_e8m0(1.9, E8M0Rounding::down, true), 127);
  EXPECT_EQ(encode_e8m0(1.4, E8M0Rounding::nearest, true), 127);
  EXPECT_EQ(encode_e8m0(1.5, E8M0Rounding::nearest, true), 128);
  EXPECT_EQ(encode_e8m0(0, E8M0Rounding::up, true), 0);
  EXPECT_EQ(encode_e8m0(0, E8M0Rounding::nearest, false), 255);
  EXPECT_EQ(encode_e8m0(kInf, E8M0Rounding::up, true), 254);
  EXPECT_EQ(encode_e8m0(1e300, E8M0Rounding::up, false), 255);
  EXPECT_EQ(encode_e8m0(1e-300, E8M0Rounding::up, true), 0);
  EXPECT_EQ(encode_e8m0(-4, E8M0Rounding::up, true), 129);
}

}  // namespace
}  // namespace zeropoint
