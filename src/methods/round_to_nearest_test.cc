#include "methods/round_to_nearest.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/float16.h"
#include "methods/matrix_grid.h"
#include "zeropoint/error.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::Gt;

Tensor random_matrix(std::int64_t rows, std::int64_t columns, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Tensor t = Tensor::allocate(DType::f32, {rows, columns});
  for (float& x : t.mutable_values<float>()) x = normal(random);
  return t;
}

std::vector<int> codes(const QuantizedMatrix& m) {
  const auto v = m.codes.values<std::int8_t>();
  return {v.begin(), v.end()};
}

double squared_error(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += std::pow(double{a.data<float>()[i]} - b.data<float>()[i], 2);
  return sum;
}

TEST(RoundToNearest, AbsmaxOfTheRow) {
  const Tensor w = Tensor::of<float>({2, 5}, {-3, -7, 9, 10, -20, 0, 0, 0, 0, 0});
  const QuantizedMatrix m = round_to_nearest(w, {.bits = 8, .narrow_range = true}, {}, "w");
  EXPECT_THAT(codes(m), ElementsAre(-19, -44, 57, 64, -127, 0, 0, 0, 0, 0));
  EXPECT_THAT(m.scales.values<float>(), ElementsAre(FloatEq(20.0F / 127), 1)) << "a row of zeros has scale 1";
  EXPECT_FALSE(m.zero_points);
}

TEST(RoundToNearest, FullRangeUsesTheLowestCode) {
  const Tensor w = Tensor::of<float>({1, 3}, {-7.5F, 7.5F, 1});
  const QuantizedMatrix m = round_to_nearest(w, {.bits = 4}, {}, "w");
  EXPECT_THAT(m.scales.values<float>(), ElementsAre(1));
  EXPECT_THAT(codes(m), ElementsAre(-8, 7, 1)) << "7.5 rounds to 8 and is clamped";
}

TEST(RoundToNearest, ZeroPointOfARange) {
  const Tensor w = Tensor::of<float>({3, 3}, {191.6F, -13.5F, 728.6F, 92.14F, 295.5F, -184, 0, 684.6F, 245.5F});
  const QuantizedMatrix m = round_to_nearest(w, {.bits = 8, .symmetric = false, .per_tensor = true}, {}, "w");
  EXPECT_THAT(m.scales.values<float>(), ElementsAre(FloatEq(3.578824F)));
  EXPECT_THAT(m.zero_points.values<std::int8_t>(), ElementsAre(-77));
  EXPECT_THAT(codes(m), ElementsAre(-23, -81, 127, -51, 6, -128, -77, 114, -8));
}

TEST(RoundToNearest, BlocksAndAShortLastOne) {
  const Tensor w = Tensor::of<float>({1, 5}, {7, 1, -70, 14, 0.7F});
  const QuantizedMatrix m = round_to_nearest(w, {.bits = 4, .narrow_range = true, .block_size = 2}, {}, "w");
  EXPECT_THAT(m.scales.values<float>(), ElementsAre(1, 10, FloatEq(0.1F)));
  EXPECT_THAT(codes(m), ElementsAre(7, 1, -7, 1, 7));
}

TEST(RoundToNearest, TheSameAsTheArraysOfTheLibrary) {
  const Tensor w = random_matrix(37, 192);
  struct Case {
    DType dtype;
    MatrixScheme matrix;
    Scheme scheme;
  };
  const Case cases[] = {
      {DType::i8, {.narrow_range = true}, {.dtype = DType::i8, .symmetric = true, .narrow_range = true}},
      {DType::i8, {}, {.dtype = DType::i8, .symmetric = true}},
      {DType::i8, {.symmetric = false}, {.dtype = DType::i8}},
      {DType::i4, {.bits = 4, .symmetric = false, .block_size = 32}, {.dtype = DType::i4, .block_size = 32}},
      {DType::i4, {.bits = 4, .block_size = 64}, {.dtype = DType::i4, .symmetric = true, .block_size = 64}},
      {DType::i2, {.bits = 2, .symmetric = false}, {.dtype = DType::i2}},
      {DType::i8, {.symmetric = false, .per_tensor = true}, {.dtype = DType::i8}},
  };
  for (Case c : cases) {
    c.scheme.granularity = c.matrix.per_tensor       ? Granularity::per_tensor
                           : c.matrix.block_size > 0 ? Granularity::blocked
                                                     : Granularity::per_axis;
    c.scheme.axis = c.matrix.block_size > 0 ? 1 : 0;
    const TensorQParams qparams = choose_tensor_qparams(w, c.scheme);
    const QuantizedMatrix m = round_to_nearest(w, c.matrix, {}, "w");
    const auto expected = codes_of(quantize(w, qparams));
    EXPECT_EQ(codes(m), std::vector<int>(expected.begin(), expected.end())) << m.scheme.bits;
    EXPECT_EQ(squared_error(dequantize(m), dequantize(quantize(w, qparams), qparams)), 0);
  }
}

TEST(RoundToNearest, ScalesAreThoseThatAreStored) {
  const Tensor w = random_matrix(8, 64);
  for (const bool symmetric : {true, false}) {
    const QuantizedMatrix m = round_to_nearest(w, {.bits = 4, .symmetric = symmetric, .block_size = 32},
                                               {.storage = {.scale_type = DType::f16}}, "w");
    for (const float s : m.scales.values<float>()) EXPECT_EQ(f16_to_f32(f32_to_f16(s)), s);
    for (std::int64_t i = 0; i < w.size(); ++i) {  // nearest on the grid of the rounded scale
      const float scale = m.scales.data<float>()[i / 32];
      const int z = symmetric ? 0 : m.zero_points.data<std::int8_t>()[i / 32];
      EXPECT_EQ(m.codes.data<std::int8_t>()[i], quantize_value(w.data<float>()[i], scale, z, {-8, 7}));
    }
  }
}

TEST(RoundToNearest, ScalesTooSmallForFloat16AreRaised) {
  const Tensor w = Tensor::of<float>({1, 2}, {1e-9F, -1e-10F});
  const QuantizedMatrix m = round_to_nearest(w, {.bits = 4}, {.storage = {.scale_type = DType::f16}}, "w");
  EXPECT_EQ(m.scales.data<float>()[0], 0x1p-24F);
}

TEST(RoundToNearest, ZeroPointsStayAboveTheLowestCodeWhereItCannotBeStored) {
  Tensor w = random_matrix(32, 64);
  for (std::int64_t i = 0; i < w.size(); ++i) {
    float& x = w.mutable_data<float>()[i];
    if (i / 64 % 2 == 0) x = std::abs(x);  // rows of nothing below 0
    if (i / 64 % 4 == 0) x = std::max(x, 1e-3F) * 1e-3F;
    if (i / 64 == 1 && x < 0) x *= 0.01F;  // less than half a step below 0
  }
  for (const int bits : {2, 3, 4, 8}) {
    for (const bool clips : {false, true}) {
      const int lowest = -(1 << (bits - 1));
      const MatrixScheme scheme{.bits = bits, .symmetric = false, .block_size = 32};
      const QuantizedMatrix any = round_to_nearest(w, scheme, {.clip_search = clips}, "w");
      const QuantizedMatrix m =
          round_to_nearest(w, scheme, {.storage = {.has_lowest_zero_point = false}, .clip_search = clips}, "w");
      EXPECT_THAT(any.zero_points.values<std::int8_t>(), Contains(lowest));
      EXPECT_THAT(m.zero_points.values<std::int8_t>(), Each(Gt(lowest)));
      const Tensor back = dequantize(m);
      for (std::int64_t i = 0; i < w.size() && !clips; ++i) {
        const float scale = m.scales.data<float>()[i / 32];
        EXPECT_LE(std::abs(back.data<float>()[i] - w.data<float>()[i]), 0.5001F * scale) << "the range is covered";
      }
      for (std::int64_t g = 0; g < m.scales.size(); ++g) {
        if (clips || any.zero_points.data<std::int8_t>()[g] == lowest) continue;
        EXPECT_EQ(m.scales.data<float>()[g], any.scales.data<float>()[g]) << "other grids stay as they are";
      }
    }
  }
}

TEST(RoundToNearest, TheClipSearchIsNeverWorse) {
  Tensor w = random_matrix(16, 128);
  for (std::int64_t r = 0; r < 16; ++r) w.mutable_data<float>()[r * 128] = 12;  // an outlier in every row
  for (const bool symmetric : {true, false}) {
    for (const int bits : {2, 3, 4, 8}) {
      const MatrixScheme scheme{.bits = bits, .symmetric = symmetric};
      const double plain = squared_error(w, dequantize(round_to_nearest(w, scheme, {}, "w")));
      const double clipped = squared_error(w, dequantize(round_to_nearest(w, scheme, {.clip_search = true}, "w")));
      EXPECT_LE(clipped, plain) << bits;
      if (bits <= 3) {
        EXPECT_LT(clipped, 0.95 * plain) << bits;
      }
    }
  }
}

TEST(RoundToNearest, SixteenBitWeightsAreReadAsTheyAre) {
  const Tensor w = random_matrix(5, 40);
  Tensor half = Tensor::allocate(DType::bf16, w.shape());
  Tensor widened = Tensor::allocate(DType::f32, w.shape());
  for (std::int64_t i = 0; i < w.size(); ++i) {
    const std::uint16_t h = f32_to_bf16(w.data<float>()[i]);
    static_cast<std::uint16_t*>(half.mutable_raw())[i] = h;
    widened.mutable_data<float>()[i] = bf16_to_f32(h);
  }
  EXPECT_EQ(codes(round_to_nearest(half, {.block_size = 16}, {}, "w")),
            codes(round_to_nearest(widened, {.block_size = 16}, {}, "w")));
}

std::string refusal(const Tensor& w, const MatrixScheme& scheme = {}) {
  try {
    round_to_nearest(w, scheme, {}, "model.safetensors: 'up.weight'");
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

TEST(RoundToNearest, NamesTheFirstValueThatIsNotFinite) {
  Tensor w = random_matrix(4, 8);
  w.mutable_data<float>()[19] = std::numeric_limits<float>::quiet_NaN();
  w.mutable_data<float>()[30] = std::numeric_limits<float>::infinity();
  const std::string expected =
      "model.safetensors: 'up.weight': has a NaN at [2, 3] (2 of 32 values), which has no code";
  EXPECT_EQ(refusal(w), expected);
  EXPECT_EQ(refusal(w, {.per_tensor = true}), expected);
}

TEST(MatrixGrid, RefusesWidthsThatNoFormatHas) {
  EXPECT_EQ(refusal(random_matrix(1, 2), {.bits = 5}), "--bits: weights have 8, 4, 3 or 2 bits, not 5");
}

}  // namespace
}  // namespace zeropoint
