#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/fail.h"
#include "base/parallel.h"
#include "integer/test_data.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kArithmetics;
using testing::RandomTensors;

std::vector<std::int32_t> accumulators(const Tensor& t) {
  return {t.values<std::int32_t>().begin(), t.values<std::int32_t>().end()};
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

/// Golden row 8: the example of ONNX QLinearMatMul.
struct Golden8 {
  QuantizedTensor a{Tensor::of<std::uint8_t>({2, 4}, {208, 236, 0, 238, 3, 214, 255, 29}),
                    tensor_qparams({.dtype = DType::u8}, {0.0066F, 113})};
  QuantizedTensor b{Tensor::of<std::uint8_t>({4, 3}, {152, 51, 244, 60, 26, 255, 0, 127, 246, 127, 254, 247}),
                    tensor_qparams({.dtype = DType::u8}, {0.00705F, 114})};
  TensorQParams y = tensor_qparams({.dtype = DType::u8}, {0.0107F, 118});
};

TEST(IntegerMatmul, Golden8OnnxQLinearMatMul) {
  const Golden8 g;
  EXPECT_THAT(accumulators(integer::matmul_accumulators(g.a, g.b)),
              ElementsAre(11475, -778, 31402, -26914, -11872, 7513));
  for (const Arithmetic arithmetic : kArithmetics) {
    EXPECT_THAT(codes_of(integer::matmul(g.a, g.b, {}, g.y, arithmetic).codes), ElementsAre(168, 115, 255, 1, 66, 151));
  }
}

TEST(IntegerMatmul, AddsTheBiasToTheAccumulator) {
  const Golden8 g;
  const Tensor bias = Tensor::of<std::int32_t>({3}, {-11475, 778, 0});
  EXPECT_THAT(codes_of(integer::matmul(g.a, g.b, bias, g.y).codes), ElementsAre(118, 118, 255, 0, 70, 151));
  EXPECT_THAT(error_of([&] {
                integer::matmul(g.a, g.b, Tensor::of<std::int32_t>({2}, {1, 2}), g.y);
              }),
              HasSubstr("the bias must be 3 int32 values, not 2 of int32"));
}

TEST(IntegerMatmul, VectorsAreARowAndAColumn) {
  RandomTensors random(3);
  const QuantizedTensor row = random.tensor(DType::u8, {5});
  const QuantizedTensor matrix = random.tensor(DType::i8, {5, 4});
  EXPECT_EQ(integer::matmul_accumulators(row, matrix).shape(), (Shape{4}));
  EXPECT_EQ(integer::matmul_accumulators(random.tensor(DType::i8, {4, 5}), row).shape(), (Shape{4}));
  EXPECT_EQ(integer::matmul_accumulators(row, row).shape(), (Shape{}));
  EXPECT_THAT(error_of([&] { integer::matmul_accumulators(matrix, matrix); }), HasSubstr("do not multiply"));
}

TEST(IntegerMatmul, LongSumsAreExactOrAnError) {
  // 70 000 products of 255 * 127 leave int32, although each half of them fits: the sum is taken in int64.
  const std::int64_t k = 70000;
  QuantizedTensor a{Tensor::zeros(DType::u8, {1, k}), tensor_qparams({.dtype = DType::u8}, {1, 0})};
  QuantizedTensor b{Tensor::zeros(DType::i8, {k, 1}), tensor_qparams({.dtype = DType::i8}, {1, 0})};
  for (std::int64_t i = 0; i < k; ++i) {
    a.codes.mutable_data<std::uint8_t>()[i] = 255;
    b.codes.mutable_data<std::int8_t>()[i] = static_cast<std::int8_t>(i < k / 2 ? 127 : -127);
  }
  EXPECT_THAT(accumulators(integer::matmul_accumulators(a, b)), ElementsAre(0));
  b.codes = Tensor::allocate(DType::i8, {k, 1});
  for (std::int64_t i = 0; i < k; ++i) b.codes.mutable_data<std::int8_t>()[i] = 127;
  EXPECT_THAT(error_of([&] { integer::matmul_accumulators(a, b); }), HasSubstr("2266950000, leaves int32"));
}

TEST(IntegerMatmul, TheLongestSumThatCannotOverflowTakesTheFastPath) {
  // K = 65 792 = floor((2^31 - 1) / (255 * 128)) with the extreme codes.
  const std::int64_t k = 65792;
  QuantizedTensor a{Tensor::zeros(DType::u8, {1, k}), tensor_qparams({.dtype = DType::u8}, {1, 0})};
  QuantizedTensor b{Tensor::zeros(DType::i8, {k, 1}), tensor_qparams({.dtype = DType::i8}, {1, 0})};
  for (std::int64_t i = 0; i < k; ++i) {
    a.codes.mutable_data<std::uint8_t>()[i] = 255;
    b.codes.mutable_data<std::int8_t>()[i] = -128;
  }
  EXPECT_THAT(accumulators(integer::matmul_accumulators(a, b)), ElementsAre(-255 * 128 * 65792));
}

TEST(IntegerMatmul, ABiasMayNotPushTheSumOverTheEdge) {
  const QuantizedTensor one{Tensor::of<std::uint8_t>({1, 1}, {1}), tensor_qparams({.dtype = DType::u8}, {1, 0})};
  const Tensor bias = Tensor::of<std::int32_t>({1}, {std::numeric_limits<std::int32_t>::max()});
  EXPECT_THAT(error_of([&] { integer::matmul(one, one, bias, one.qparams); }), HasSubstr("leaves int32"));
}

RC_GTEST_PROP(IntegerMatmul, EqualsItsReferenceBitForBit, (std::uint32_t seed)) {
  RandomTensors random(seed);
  const auto type = [&] { return random.one_of({DType::u8, DType::i8, DType::u4, DType::i2}); };
  const std::int64_t m = random.integer(0, 9);
  const std::int64_t k = random.integer(0, 40);
  const std::int64_t n = random.integer(0, 40);
  const bool is_batched = random.integer(0, 1) == 1;
  const QuantizedTensor a = random.tensor(type(), is_batched ? Shape{2, 1, m, k} : Shape{m, k});
  const Shape b_shape = is_batched ? Shape{3, k, n} : Shape{k, n};
  const QuantizedTensor b = random.integer(0, 1) == 1
                                ? random.per_axis_tensor(type(), b_shape, static_cast<int>(b_shape.size()) - 1)
                                : random.tensor(type(), b_shape);
  RC_ASSERT(accumulators(integer::matmul_accumulators(a, b)) ==
            accumulators(integer::reference::matmul_accumulators(a, b)));
  const Tensor bias = random.integer(0, 1) == 1 ? random.bias(n) : Tensor();
  const TensorQParams y = random.grid(random.one_of({DType::u8, DType::i8, DType::i16, DType::u4}));
  for (const Arithmetic arithmetic : kArithmetics) {
    RC_ASSERT(codes_of(integer::matmul(a, b, bias, y, arithmetic).codes) ==
              codes_of(integer::reference::matmul(a, b, bias, y, arithmetic).codes));
  }
}

TEST(IntegerMatmul, SixteenBitCodesAreExact) {
  RandomTensors random(5);
  const QuantizedTensor a = random.tensor(DType::u16, {3, 1});
  const QuantizedTensor b = random.tensor(DType::i4, {1, 4});
  EXPECT_EQ(accumulators(integer::matmul_accumulators(a, b)),
            accumulators(integer::reference::matmul_accumulators(a, b)));
}

TEST(IntegerMatmul, PiecesOfAnySizeJoinForAnyThreadCount) {
  // Pieces are 64 rows by 256 columns; strips 32 columns; k is taken in pairs.
  constexpr std::int64_t kSizes[][3] = {{1, 1, 1},     {1, 64, 255}, {1, 65, 256}, {2, 7, 257},
                                        {63, 8, 31},   {64, 9, 32},  {65, 10, 33}, {150, 64, 513},
                                        {130, 3, 257}, {0, 4, 300},  {70, 0, 5},   {5, 4, 0}};
  RandomTensors random(6);
  for (const auto& [m, k, n] : kSizes) {
    for (const DType type : {DType::u8, DType::i8}) {
      SCOPED_TRACE(fmt::format("{} x {} x {}", m, k, n));
      const QuantizedTensor a = random.tensor(type, {m, k});
      const QuantizedTensor b = random.per_axis_tensor(type, {k, n}, 1);
      const Tensor bias = random.bias(n);
      const auto want = accumulators(integer::reference::matmul_accumulators(a, b));
      const auto want_codes = codes_of(integer::reference::matmul(a, b, bias, a.qparams).codes);
      for (const int threads : {1, 2, 3}) {
        set_num_threads(threads);
        EXPECT_EQ(accumulators(integer::matmul_accumulators(a, b)), want) << threads << " threads";
        EXPECT_EQ(codes_of(integer::matmul(a, b, bias, a.qparams).codes), want_codes) << threads << " threads";
      }
      set_num_threads(0);
    }
  }
}

}  // namespace
}  // namespace zeropoint
