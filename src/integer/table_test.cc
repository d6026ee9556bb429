#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integer/test_data.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::RandomTensors;

const TensorQParams kInput = tensor_qparams({.dtype = DType::i8}, {0.05F, 3});
const TensorQParams kUnit = tensor_qparams({.dtype = DType::u8}, {1.0F / 256, 0});

TEST(IntegerTable, HasOneEntryPerCodeOfTheInput) {
  EXPECT_EQ(integer::make_table(UnaryFunction::tanh, kInput, kUnit).size(), 256U);
  const TensorQParams narrow = tensor_qparams({.dtype = DType::i8, .symmetric = true, .narrow_range = true}, {0.1F, 0});
  EXPECT_EQ(integer::make_table(UnaryFunction::tanh, narrow, kUnit).size(), 256U);  // -128 may still occur
  EXPECT_EQ(integer::make_table(UnaryFunction::relu, tensor_qparams({.dtype = DType::u4}, {1, 0}), kUnit).size(), 16U);
}

TEST(IntegerTable, SigmoidOfEveryCodeIsWithinHalfAStep) {
  const std::vector<std::int32_t> table = integer::make_table(UnaryFunction::sigmoid, kInput, kUnit);
  for (int q = -128; q < 128; ++q) {
    const double exact = std::min(256 / (1 + std::exp(-0.05 * (q - 3))), 255.0);
    EXPECT_NEAR(table[static_cast<std::size_t>(q + 128)], exact, 0.5001) << q;
  }
}

TEST(IntegerTable, FunctionsAreThoseOfTheirNames) {
  const QuantizedTensor x{tensor_of_codes(DType::i8, {4}, std::vector<std::int32_t>{-20, -1, 0, 20}),
                          tensor_qparams({.dtype = DType::i8}, {0.1F, 0})};  // -2, -0.1, 0, 2
  const TensorQParams y = tensor_qparams({.dtype = DType::i16}, {0.001F, 0});
  const auto codes = [&](UnaryFunction f, integer::TableOptions o = {}) {
    return codes_of(integer::apply(f, x, y, o).codes);
  };
  EXPECT_THAT(codes(UnaryFunction::relu), ElementsAre(0, 0, 0, 2000));
  EXPECT_THAT(codes(UnaryFunction::leaky_relu, {.alpha = 0.1F}), ElementsAre(-200, -10, 0, 2000));
  EXPECT_THAT(codes(UnaryFunction::sigmoid), ElementsAre(119, 475, 500, 881));
  EXPECT_THAT(codes(UnaryFunction::hard_sigmoid, {.alpha = 0.2F}), ElementsAre(100, 480, 500, 900));
  EXPECT_THAT(codes(UnaryFunction::tanh), ElementsAre(-964, -100, 0, 964));
  EXPECT_THAT(codes(UnaryFunction::elu, {.alpha = 1}), ElementsAre(-865, -95, 0, 2000));
  EXPECT_THAT(codes(UnaryFunction::hard_swish), ElementsAre(-333, -48, 0, 1667));
  EXPECT_THAT(codes(UnaryFunction::silu), ElementsAre(-238, -48, 0, 1762));
  EXPECT_THAT(codes(UnaryFunction::gelu), ElementsAre(-46, -46, 0, 1954));
  EXPECT_THAT(codes(UnaryFunction::exp), ElementsAre(135, 905, 1000, 7389));
  EXPECT_THAT(codes(UnaryFunction::sqrt), ElementsAre(0, 0, 0, 1414));
}

TEST(IntegerTable, EveryFunctionHasAName) {
  EXPECT_EQ(name(UnaryFunction::relu), "relu");
  EXPECT_EQ(name(UnaryFunction::sqrt), "sqrt");
}

TEST(IntegerConcat, CarriesEveryInputToTheOutputsGrid) {
  const QuantizedTensor a{tensor_of_codes(DType::u8, {2, 1}, std::vector<std::int32_t>{128, 255}),
                          tensor_qparams({.dtype = DType::u8}, {1, 128})};  // 0, 127
  const QuantizedTensor b{tensor_of_codes(DType::i8, {2, 2}, std::vector<std::int32_t>{1, 2, 3, 4}),
                          tensor_qparams({.dtype = DType::i8}, {2, 0})};  // 2, 4, 6, 8
  const std::vector<QuantizedTensor> both = {a, b};
  for (const Arithmetic arithmetic : testing::kArithmetics) {
    const QuantizedTensor y = integer::concat(both, 1, tensor_qparams({.dtype = DType::u8}, {1, 10}), arithmetic);
    EXPECT_EQ(y.codes.shape(), (Shape{2, 3}));
    EXPECT_THAT(codes_of(y.codes), ElementsAre(10, 12, 14, 137, 16, 18));
  }
}

TEST(IntegerConcat, CopiesCodesThatAreOnTheGrid) {
  RandomTensors random(1);
  for (const DType dtype : {DType::u8, DType::i4}) {
    const QuantizedTensor a = random.tensor(dtype, {1, 3});
    const QuantizedTensor b{random.tensor(dtype, {2, 3}).codes, a.qparams};
    const std::vector<QuantizedTensor> both = {a, b};
    std::vector<std::int32_t> expected = codes_of(a.codes);
    for (const std::int32_t q : codes_of(b.codes)) expected.push_back(q);
    EXPECT_EQ(codes_of(integer::concat(both, 0, a.qparams).codes), expected);
  }
}

TEST(IntegerConcat, RefusesWhatDoesNotJoin) {
  RandomTensors random(2);
  const QuantizedTensor a = random.tensor(DType::u8, {2, 3});
  const auto error_of = [&](std::vector<QuantizedTensor> inputs, int axis) -> std::string {
    try {
      integer::concat(inputs, axis, a.qparams);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of({}, 0), HasSubstr("nothing to join"));
  EXPECT_THAT(error_of({a}, 2), HasSubstr("no axis 2 in shape [2, 3]"));
  EXPECT_THAT(error_of({a, random.tensor(DType::u8, {2, 4})}, 0), HasSubstr("[2, 3] and [2, 4] do not join"));
  EXPECT_THAT(error_of({a, random.tensor(DType::u8, {2})}, 0), HasSubstr("do not join"));
}

}  // namespace
}  // namespace zeropoint
