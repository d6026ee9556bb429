#include <gtest/gtest.h>

#include "zeropoint/error.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

constexpr Scheme kAffineU8{.dtype = DType::u8};
constexpr Scheme kAffineI8{.dtype = DType::i8};
constexpr Scheme kSymmetricI8{.dtype = DType::i8, .symmetric = true};
constexpr Scheme kNarrowI8{.dtype = DType::i8, .symmetric = true, .narrow_range = true};

TEST(ChooseQParams, AffineRangeEndsLandOnTheEndCodes) {
  EXPECT_EQ(choose_qparams({-1, 4}, kAffineU8), (QParams{5.0F / 255, 51}));
  EXPECT_EQ(choose_qparams({-20, 1000}, kAffineU8), (QParams{4.0F, 5}));
  EXPECT_EQ(choose_qparams({-20, 1000}, kAffineI8), (QParams{4.0F, -123}));
}

TEST(ChooseQParams, RangeIsWidenedToContainZero) {
  EXPECT_EQ(choose_qparams({250, 1000}, kAffineI8), (QParams{1000.0F / 255, -128}));
  EXPECT_EQ(choose_qparams({-10, -5}, kAffineU8), (QParams{10.0F / 255, 255}));
}

TEST(ChooseQParams, SymmetricFixesTheZeroPoint) {
  EXPECT_EQ(choose_qparams({-3, 1}, kNarrowI8), (QParams{3.0F / 127, 0}));
  EXPECT_EQ(choose_qparams({-3, 1}, kSymmetricI8), (QParams{6.0F / 255, 0}));
  EXPECT_EQ(choose_qparams({-3, 1}, {.dtype = DType::u8, .symmetric = true}).zero_point, 128);
  EXPECT_EQ(choose_qparams({-3, 1}, {.dtype = DType::u4, .symmetric = true}).zero_point, 8);
}

TEST(ChooseQParams, ConstantZeroHasScaleOne) {
  EXPECT_EQ(choose_qparams({0, 0}, kAffineU8), (QParams{1.0F, 0}));
  EXPECT_EQ(choose_qparams({0, 0}, kAffineI8), (QParams{1.0F, 0}));
}

TEST(ChooseQParams, SubnormalScaleIsRaisedAndSaidSo) {
  const Derivation d = derive_qparams({0, 1e-40}, kAffineU8);
  EXPECT_TRUE(d.is_scale_raised);
  EXPECT_EQ(d.qparams.scale, std::numeric_limits<float>::min());
}

TEST(ChooseQParams, WidthThatOverflowsFloat32IsTakenInDouble) {
  const QParams q = choose_qparams({-3e38, 3e38}, kAffineU8);
  EXPECT_FLOAT_EQ(q.scale, 3e38F / 127.5F);
  EXPECT_EQ(q.zero_point, 128);
}

TEST(ChooseQParams, PowerOfTwoRoundsTheScaleUp) {
  EXPECT_EQ(choose_qparams({-3, 1}, {.symmetric = true, .narrow_range = true, .power_of_two = true}).scale, 0x1p-5F);
  EXPECT_EQ(choose_qparams({0, 255}, {.dtype = DType::u8, .power_of_two = true}).scale, 1.0F);
  EXPECT_EQ(choose_qparams({-64, 192}, {.dtype = DType::u8, .power_of_two = true}), (QParams{2.0F, 32}));
}

TEST(ChooseQParams, FloatCodesUseTheirLargestValue) {
  EXPECT_EQ(choose_qparams({-448, 3}, {.dtype = DType::f8e4m3fn}), (QParams{1.0F, 0}));
  EXPECT_EQ(choose_qparams({-3, 12}, {.dtype = DType::f4e2m1}), (QParams{2.0F, 0}));
}

TEST(ChooseQParams, RefusesWhatIsNoRange) {
  EXPECT_THROW(choose_qparams({2, 1}, kAffineU8), Error);
  EXPECT_THROW(choose_qparams({0, std::numeric_limits<double>::infinity()}, kAffineU8), Error);
  EXPECT_THROW(choose_qparams({0, 1e39}, kAffineU8), Error);
  EXPECT_THROW(choose_qparams({0, 1}, {.dtype = DType::i64}), Error);
  EXPECT_THROW(choose_qparams({0, 1}, {.granularity = Granularity::blocked}), Error);
}

}  // namespace
}  // namespace zeropoint
