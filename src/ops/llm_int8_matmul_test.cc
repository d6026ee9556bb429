#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::list;
using testing::OpCall;
using testing::run_op;

/// x [1, 2, 2] with an outlier in the second column, two rows of weights: [1, 1] and [2, -2].
OpCall small_call() {
  return {.op_type = "LlmInt8MatMul",
          .inputs = {Tensor::of<float>({1, 2, 2}, {2, 10, -4, 1}),
                     Tensor::of<std::int8_t>({2, 2}, {127, 127, 127, -127}), Tensor::of<float>({2}, {1, 2})},
          .opset = 1,
          .domain = std::string(kOwnDomain)};
}

std::vector<float> rounded(const std::vector<float>& values) {
  std::vector<float> result;
  for (const float v : values) result.push_back(std::round(v * 1e4F) / 1e4F);
  return result;
}

TEST(LlmInt8MatMul, MultipliesOutliersInFloatAndAddsTheBias) {
  OpCall call = small_call();
  EXPECT_EQ(run_op(call)[0].shape(), (Shape{1, 2, 2}));
  EXPECT_EQ(rounded(list<float>(run_op(call)[0])), (std::vector<float>{12, -16, -3, -10}));
  call.inputs.push_back(Tensor::of<float>({2}, {100, 200}));
  EXPECT_EQ(rounded(list<float>(run_op(call)[0])), (std::vector<float>{112, 184, 97, 190}));
}

TEST(LlmInt8MatMul, TheThresholdDecidesWhatIsRounded) {
  OpCall call = small_call();
  call.inputs[0] = Tensor::of<float>({1, 1, 2}, {2.99F, 10});
  EXPECT_EQ(rounded(list<float>(run_op(call)[0])), (std::vector<float>{12.99F, -14.02F}));
  call.attributes = {{"threshold", 0.0F}};  // 2.99 is 37.97, so 38, steps of 10 / 127
  EXPECT_EQ(rounded(list<float>(run_op(call)[0])), (std::vector<float>{12.9921F, -14.0157F}));
}

TEST(LlmInt8MatMul, RowsWithoutInputsGiveTheBias) {
  OpCall call = small_call();
  call.inputs = {Tensor::zeros(DType::f32, {2, 0}), Tensor::zeros(DType::i8, {1, 0}), Tensor::of<float>({1}, {0}),
                 Tensor::of<float>({1}, {5})};
  EXPECT_EQ(list<float>(run_op(call)[0]), (std::vector<float>{5, 5}));
}

TEST(LlmInt8MatMul, RefusesWhatDoesNotFit) {
  OpCall call = small_call();
  call.attributes = {{"threshold", -1.0F}};
  EXPECT_THAT(error_of(call), HasSubstr("threshold is -1; 0 or more is expected"));
  call = small_call();
  call.inputs[0] = Tensor::of<float>({1, 3}, {1, 2, 3});
  EXPECT_THAT(error_of(call), HasSubstr("x [1, 3] does not end in the 2 columns of the codes"));
  call = small_call();
  call.inputs[2] = Tensor::of<float>({1}, {1});
  EXPECT_THAT(error_of(call), HasSubstr("absmax is float32 [1]; float32 [2] is expected"));
  call = small_call();
  call.inputs[1] = Tensor::of<std::uint8_t>({2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(error_of(call), HasSubstr("codes are uint8; int8 is expected"));
  call = small_call();
  call.inputs[0] = Tensor::zeros(DType::f32, {1, 140'000});
  call.inputs[1] = Tensor::zeros(DType::i8, {2, 140'000});
  EXPECT_THAT(error_of(call), HasSubstr("rows of 140000 codes are not offered"));
}

}  // namespace
}  // namespace zeropoint
