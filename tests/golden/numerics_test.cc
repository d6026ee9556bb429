// Numbers that others have published, or that follow from published inputs: docs/quantization.md
// tells where each comes from. A change of one digit here is a change of the library's meaning.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <vector>

#include "zeropoint/integer.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

constexpr Scheme kAffineU8{.dtype = DType::u8};
constexpr Scheme kAffineI8{.dtype = DType::i8};
constexpr Scheme kNarrowI8{.dtype = DType::i8, .symmetric = true, .narrow_range = true};

std::vector<std::int32_t> codes(const std::vector<float>& x, const TensorQParams& qparams) {
  return codes_of(quantize(Tensor::copy_of<float>({static_cast<std::int64_t>(x.size())}, x), qparams));
}

std::int32_t code(float x, const Scheme& scheme, QParams qparams) {
  return quantize_value(x, qparams.scale, qparams.zero_point, code_range(scheme));
}

/// The three outputs of ONNX DynamicQuantizeLinear.
void expect_dynamic(const std::vector<float>& x, float scale, std::int32_t zero_point, const std::vector<int>& q) {
  const Tensor t = Tensor::copy_of<float>({static_cast<std::int64_t>(x.size())}, x);
  const TensorQParams grid = choose_tensor_qparams(t, kAffineU8);
  EXPECT_EQ(grid.scales.data<float>()[0], scale);
  EXPECT_EQ(codes_of(grid.zero_points)[0], zero_point);
  EXPECT_THAT(codes_of(quantize(t, grid)), ElementsAreArray(q));
}

TEST(Golden, Row01InverseScaleOfTheBlogs) {
  const Derivation d = derive_qparams({-3.0, 3.2}, kAffineI8, Convention::blog);
  EXPECT_NEAR(d.multiplier, 41.13, 0.005);
  EXPECT_NEAR(d.exact_zero_point, -4.613, 0.0005);
  EXPECT_EQ(d.qparams.zero_point, -5);
  EXPECT_EQ(code(0.1F, kAffineI8, d.qparams), -1);
}

TEST(Golden, Row02AbsmaxOfTheBlogs) {
  const QParams q = choose_qparams({-3.2, 3.2}, kNarrowI8, Convention::blog);
  EXPECT_EQ(code(0.1F, kNarrowI8, q), 4);
  EXPECT_NEAR(dequantize_value(4, q), 0.1008, 0.00005);
}

TEST(Golden, Row03RangesOfAThousand) {
  const QParams q = choose_qparams({0, 1000}, kAffineU8);
  EXPECT_NEAR(q.scale, 3.92157, 0.000005);
  EXPECT_EQ(code(500, kAffineU8, q), 128);  // 127.5, to even
  EXPECT_EQ(code(250, kAffineU8, q), 64);
  EXPECT_EQ(choose_qparams({-20, 1000}, kAffineU8), (QParams{4, 5}));
  EXPECT_EQ(choose_qparams({-20, 1000}, kAffineI8), (QParams{4, -123}));
}

TEST(Golden, Row04RangesOfTens) {
  const auto expect = [](Range range, double scale, std::int32_t zero_point) {
    const QParams q = choose_qparams(range, kAffineU8);
    EXPECT_NEAR(q.scale, scale, 0.0000005);
    EXPECT_EQ(q.zero_point, zero_point);
  };
  expect({-10, 30}, 0.156863, 64);
  expect({0, 30}, 0.117647, 0);
  expect({-10, 0}, 0.039216, 255);
}

TEST(Golden, Row05DynamicQuantizeLinear) {
  expect_dynamic({0, 2, -3, -2.5F, 1.34F, 0.5F}, 0.0196078438F, 153, {153, 255, 0, 26, 221, 179});
  // With the scale kept in double, -2.5 falls on the other side of the tie.
  const CodeRange all = code_range(kAffineU8);
  EXPECT_EQ(quantize_value<double>(-2.5, 5.0 / 255, 153, all), 25);
}

TEST(Golden, Row06DynamicQuantizeLinearOfNegatives) {
  expect_dynamic({-1, -2.1F, -1.3F, -2.5F, -3.34F, -4}, 0.0156862754F, 255, {191, 121, 172, 96, 42, 0});
}

TEST(Golden, Row07QuantizeLinear) {
  EXPECT_THAT(codes({0, 2, 3, 1000, -254, -1000}, tensor_qparams(kAffineU8, {2, 128})),
              ElementsAre(128, 129, 130, 255, 1, 0));
}

TEST(Golden, Row08QLinearMatMul) {
  const QuantizedTensor a{Tensor::of<std::uint8_t>({2, 4}, {208, 236, 0, 238, 3, 214, 255, 29}),
                          tensor_qparams(kAffineU8, {0.0066F, 113})};
  const QuantizedTensor b{Tensor::of<std::uint8_t>({4, 3}, {152, 51, 244, 60, 26, 255, 0, 127, 246, 127, 254, 247}),
                          tensor_qparams(kAffineU8, {0.00705F, 114})};
  const TensorQParams y = tensor_qparams(kAffineU8, {0.0107F, 118});
  EXPECT_THAT(codes_of(integer::matmul_accumulators(a, b)), ElementsAre(11475, -778, 31402, -26914, -11872, 7513));
  for (const Arithmetic arithmetic : {Arithmetic::onnx, Arithmetic::ort_x86, Arithmetic::fixed_point}) {
    EXPECT_THAT(codes_of(integer::matmul(a, b, {}, y, arithmetic).codes), ElementsAre(168, 115, 255, 1, 66, 151));
  }
  EXPECT_EQ(make_rescale(0.0066F, 0.00705F, 0.0107F).fixed, (FixedPointMultiplier{1195333518, -7}));
  EXPECT_EQ(fixed_point_multiplier(0.0066 * 0.00705 / 0.0107), (FixedPointMultiplier{1195333552, -7}));
}

TEST(Golden, Row09MatrixOfNine) {
  const std::vector<float> x = {191.6F, -13.5F, 728.6F, 92.14F, 295.5F, -184, 0, 684.6F, 245.5F};
  const Tensor t = Tensor::copy_of<float>({3, 3}, x);
  const TensorQParams grid = choose_tensor_qparams(t, kAffineI8);
  EXPECT_NEAR(grid.scales.data<float>()[0], 3.578824, 0.000001);
  EXPECT_THAT(codes_of(grid.zero_points), ElementsAre(-77));
  EXPECT_THAT(codes_of(quantize(t, grid)), ElementsAre(-23, -81, 127, -51, 6, -128, -77, 114, -8));
  const Tensor back = fake_quantize(t, grid);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) squares += std::pow(double{x[i]} - double{back.data<float>()[i]}, 2);
  EXPECT_NEAR(squares / static_cast<double>(x.size()), 1.5730, 0.00005);
}

TEST(Golden, Row10OneSidedActivations) {
  const QParams q = choose_qparams({0, 6}, kAffineU8);
  EXPECT_THAT(codes({0, 0, 0.25F, 1.5F, 6}, tensor_qparams(kAffineU8, q)), ElementsAre(0, 0, 11, 64, 255));
  EXPECT_NEAR(dequantize_value(11, q), 0.258824, 0.0000005);
}

TEST(Golden, Row11MinusOneToFour) {
  const QParams q = choose_qparams({-1, 4}, kAffineU8);
  EXPECT_EQ(q.zero_point, 51);
  EXPECT_EQ(code(1, kAffineU8, q), 102);
}

TEST(Golden, Row12SevenAndEightBits) {
  const Range range{-53.58397674560547, 34.898128509521484};
  // Seven bits as PyTorch's observers have them with reduce_range, in float32 throughout.
  const QParams seven = choose_affine_qparams(range, {0, 127}, Convention::torch);
  EXPECT_EQ(seven.scale, 0.69670945F);
  EXPECT_EQ(seven.zero_point, 77);
  const QParams eight = choose_qparams(range, kAffineU8);
  EXPECT_EQ(eight.scale, 0.34698865F);
  EXPECT_EQ(eight.zero_point, 154);
}

TEST(Golden, Row13FourBits) {
  const Range range{-3.5, 10.2};
  EXPECT_FLOAT_EQ(choose_qparams(range, {.dtype = DType::i4, .symmetric = true}).scale, 1.36F);
  const QParams affine = choose_qparams(range, {.dtype = DType::i4});
  EXPECT_NEAR(affine.scale, 0.91333, 0.000005);
  EXPECT_EQ(affine.zero_point, -4);
  EXPECT_NEAR(choose_qparams(range, {.dtype = DType::i4, .symmetric = true, .narrow_range = true}).scale, 1.45714,
              0.000005);
}

TEST(Golden, Row14AbsmaxOfFive) {
  const QParams q = choose_qparams({-20, 10}, kNarrowI8);
  EXPECT_THAT(codes({-3, -7, 9, 10, -20}, tensor_qparams(kNarrowI8, q)), ElementsAre(-19, -44, 57, 64, -127));
  EXPECT_NEAR(q.scale / 2, 0.0787, 0.00005);
}

TEST(Golden, Row15OneFormulaTwoWidths) {
  const CodeRange all = code_range(kAffineU8);
  std::vector<int> in_double, in_float;
  for (const double x : {0.5, 0.8, 0.3, 0.9, 0.1}) {
    in_double.push_back(quantize_value<double>(x, 1.0 / 255, 0, all));
    in_float.push_back(quantize_value<float>(static_cast<float>(x), static_cast<float>(1.0 / 255), 0, all));
  }
  EXPECT_THAT(in_double, ElementsAre(128, 204, 76, 230, 26));
  EXPECT_THAT(in_float, ElementsAre(127, 204, 76, 229, 25));
  EXPECT_EQ(quantize_value<double>(0.3, 1.0 / 255, 0, all, Rounding::half_away), 77);
}

TEST(Golden, Row16FourBitsWithAScaleOfOneFifth) {
  const TensorQParams grid = tensor_qparams({.dtype = DType::i4}, {0.2F, 0});
  EXPECT_THAT(codes({0.53F, -1.40F, 0.07F, 0.96F, -0.31F, 0.22F}, grid), ElementsAre(3, -7, 0, 5, -2, 1));
  EXPECT_FLOAT_EQ(dequantize_value(3, {0.2F, 0}), 0.60F);
}

TEST(Golden, Row17WideningIsNotClamping) {
  const QParams q = choose_qparams({250, 1000}, kAffineI8);
  EXPECT_NEAR(q.scale, 3.92157, 0.000005);
  EXPECT_EQ(q.zero_point, -128);
  EXPECT_EQ(code(250, kAffineI8, q), -64);
  EXPECT_NEAR(dequantize_value(-64, q), 250.98, 0.005);
  // The mistake: the range as it is, and the zero point clamped into the codes.
  const float scale = (1000.0F - 250.0F) / 255;
  const float unclamped = std::nearbyint(-128 - 250 / scale);
  EXPECT_EQ(unclamped, -213);
  const QParams wrong{scale, -128};
  EXPECT_FLOAT_EQ(dequantize_value(code(1000, kAffineI8, wrong), wrong), 750);
}

TEST(Golden, Row18Distiller) {
  const Scheme full{.dtype = DType::i8, .symmetric = true};
  EXPECT_DOUBLE_EQ(derive_qparams({-4, 4}, full, Convention::distiller).multiplier, 31.875);
  EXPECT_DOUBLE_EQ(derive_qparams({-4, 4}, kNarrowI8, Convention::distiller).multiplier, 31.75);
  const Derivation unsigned_codes = derive_qparams({-2, 10}, kAffineU8, Convention::distiller);
  EXPECT_DOUBLE_EQ(unsigned_codes.multiplier, 21.25);
  EXPECT_EQ(unsigned_codes.native_zero_point, -42);
  EXPECT_EQ(derive_qparams({-2, 10}, kAffineI8, Convention::distiller).native_zero_point, 86);
}

}  // namespace
}  // namespace zeropoint
