#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "zeropoint/error.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

std::vector<float> reals(const Tensor& x) { return {x.values<float>().begin(), x.values<float>().end()}; }

TEST(Quantize, PerTensorUint8) {
  const TensorQParams grid = tensor_qparams({.dtype = DType::u8}, {2.0F, 128});
  const Tensor q = quantize(Tensor::of<float>({6}, {0, 2, 3, 1000, -254, -1000}), grid);
  EXPECT_THAT(codes_of(q), ElementsAre(128, 129, 130, 255, 1, 0));
  EXPECT_THAT(reals(dequantize(q, grid)), ElementsAre(0, 2, 4, 254, -254, -256));
}

TEST(Quantize, PerAxisFollowsTheAxis) {
  const Tensor x = Tensor::of<float>({2, 3}, {1, 2, 3, 10, 20, 30});
  TensorQParams rows{.scheme = {.granularity = Granularity::per_axis, .axis = 0},
                     .scales = Tensor::of<float>({2}, {1, 10}),
                     .zero_points = Tensor::of<std::int8_t>({2}, {0, 5})};
  EXPECT_THAT(codes_of(quantize(x, rows)), ElementsAre(1, 2, 3, 6, 7, 8));
  TensorQParams columns{.scheme = {.granularity = Granularity::per_axis, .axis = -1},
                        .scales = Tensor::of<float>({3}, {1, 2, 3})};
  EXPECT_THAT(codes_of(quantize(x, columns)), ElementsAre(1, 1, 1, 10, 10, 10));
}

TEST(Quantize, BlocksMayBeShortAtTheEnd) {
  const Tensor x = Tensor::of<float>({1, 5}, {1, 2, 30, 40, 500});
  const Scheme scheme{.granularity = Granularity::blocked, .axis = 1, .block_size = 2};
  const TensorQParams grid{.scheme = scheme, .scales = Tensor::of<float>({1, 3}, {1, 10, 100})};
  EXPECT_THAT(codes_of(quantize(x, grid)), ElementsAre(1, 2, 3, 4, 5));
  const Tensor column = x.reshaped({5, 1});
  const TensorQParams down{.scheme = {.granularity = Granularity::blocked, .axis = 0, .block_size = 2},
                           .scales = Tensor::of<float>({3, 1}, {1, 10, 100})};
  EXPECT_THAT(codes_of(quantize(column, down)), ElementsAre(1, 2, 3, 4, 5));
}

TEST(Quantize, BlocksAlongAnOuterAxis) {
  const Tensor x = Tensor::of<float>({3, 2}, {1, 20, 2, 40, 300, 4000});
  const TensorQParams grid{.scheme = {.granularity = Granularity::blocked, .axis = 0, .block_size = 2},
                           .scales = Tensor::of<float>({2, 2}, {1, 10, 100, 1000})};
  EXPECT_THAT(codes_of(quantize(x, grid)), ElementsAre(1, 2, 2, 4, 3, 4));
}

TEST(Quantize, FourBitCodesArePacked) {
  const TensorQParams grid = tensor_qparams({.dtype = DType::i4}, {0.2F, 0});
  const Tensor q = quantize(Tensor::of<float>({3}, {0.53F, -1.40F, 0.07F}), grid);
  EXPECT_THAT(codes_of(q), ElementsAre(3, -7, 0));
  EXPECT_EQ(q.bytes(), 2U);
  EXPECT_EQ(q.data<std::uint8_t>()[0], 0x93);  // 3 low, -7 high
}

TEST(Quantize, NanAndInfinityAreErrorsUnlessAllowed) {
  const TensorQParams grid = tensor_qparams({.dtype = DType::u8}, {1.0F, 7});
  const Tensor x = Tensor::of<float>({3}, {NAN, INFINITY, 1});
  try {
    quantize(x, grid, {.name = "conv1.weight"});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "conv1.weight: 1 of 3 values are NaN, which has no code");
  }
  EXPECT_THROW(quantize(x, grid, {.nan = NanPolicy::zero}), Error);
  EXPECT_THAT(codes_of(quantize(x, grid, {.nan = NanPolicy::zero, .inf = InfPolicy::clip})), ElementsAre(7, 255, 8));
}

TEST(Quantize, RefusesGridsOfAnotherShape) {
  const Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const TensorQParams three{.scheme = {.granularity = Granularity::per_axis},
                            .scales = Tensor::of<float>({3}, {1, 1, 1})};
  EXPECT_THROW(quantize(x, three), Error);
  EXPECT_THROW(quantize(x, tensor_qparams({}, {0.0F, 0})), Error);
  EXPECT_THROW(quantize(x, {.scheme = {.granularity = Granularity::per_axis, .axis = 2}, .scales = x}), Error);
}

TEST(ChooseTensorQParams, OneGridPerSlice) {
  const Tensor x = Tensor::of<float>({2, 2}, {-1, 4, 0, 255});
  const TensorQParams grid = choose_tensor_qparams(x, {.dtype = DType::u8, .granularity = Granularity::per_axis});
  EXPECT_THAT(reals(grid.scales), ElementsAre(FloatEq(5.0F / 255), 1.0F));
  EXPECT_THAT(codes_of(grid.zero_points), ElementsAre(51, 0));
}

TEST(ChooseTensorQParams, EmptyTensorHasScaleOne) {
  const TensorQParams grid = choose_tensor_qparams(Tensor::zeros(DType::f32, {0, 3}), {});
  EXPECT_EQ(grid.scales.data<float>()[0], 1.0F);
}

}  // namespace
}  // namespace zeropoint
