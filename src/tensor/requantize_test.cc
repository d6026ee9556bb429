#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "zeropoint/error.h"
#include "zeropoint/quant.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

TEST(Requantize, AccumulatorsToInt8) {
  const Tensor acc = Tensor::of<std::int32_t>({4}, {3, -3, 1000, 5});
  const TensorQParams from = tensor_qparams({.dtype = DType::i32}, {0.5F, 0});
  const TensorQParams to = tensor_qparams({.dtype = DType::i8}, {1.0F, 1});
  EXPECT_THAT(codes_of(requantize(acc, from, to)), ElementsAre(2, 0, 127, 4));  // 1.5 + 1, -1.5 + 1, ., 2.5 + 1
  EXPECT_THAT(codes_of(requantize(acc, from, to, Arithmetic::ort_x86)), ElementsAre(3, -1, 127, 3));
  EXPECT_THAT(codes_of(requantize(acc, from, to, Arithmetic::fixed_point)), ElementsAre(3, 0, 127, 4));
}

TEST(Requantize, PerAxisAccumulators) {
  const Tensor acc = Tensor::of<std::int32_t>({2, 2}, {10, 10, 20, 20});
  const TensorQParams from{.scheme = {.dtype = DType::i32, .granularity = Granularity::per_axis, .axis = 1},
                           .scales = Tensor::of<float>({2}, {1.0F, 0.1F})};
  EXPECT_THAT(codes_of(requantize(acc, from, tensor_qparams({.dtype = DType::u8}, {1.0F, 0}))),
              ElementsAre(10, 1, 20, 2));
}

TEST(Requantize, BetweenCodeTypesAndZeroPoints) {
  const Tensor q = Tensor::of<std::uint8_t>({3}, {128, 138, 255});
  const TensorQParams from = tensor_qparams({.dtype = DType::u8}, {1.0F, 128});
  EXPECT_THAT(codes_of(requantize(q, from, tensor_qparams({.dtype = DType::i4}, {10.0F, -1}))), ElementsAre(-1, 0, 7));
  EXPECT_THAT(codes_of(requantize(q, from, tensor_qparams({.dtype = DType::i16}, {0.5F, 0}))), ElementsAre(0, 20, 254));
}

TEST(Requantize, RefusesGridsThatDoNotMatch) {
  const Tensor q = Tensor::zeros(DType::i8, {2, 2});
  const TensorQParams rows{.scheme = {.granularity = Granularity::per_axis, .axis = 0},
                           .scales = Tensor::of<float>({2}, {1, 2})};
  const TensorQParams columns{.scheme = {.granularity = Granularity::per_axis, .axis = 1},
                              .scales = Tensor::of<float>({2}, {1, 2})};
  EXPECT_THROW(requantize(q, rows, columns), Error);
  EXPECT_THROW(requantize(q, tensor_qparams({}, {1, 0}), columns), Error);
  EXPECT_NO_THROW(requantize(q, rows, rows));
}

}  // namespace
}  // namespace zeropoint
