#include <gtest/gtest.h>

#include <cmath>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::error_of;
using testing::ints;
using testing::list;
using testing::OpCall;
using testing::run_op;

Tensor values(const Shape& shape, std::initializer_list<float> numbers) { return Tensor::of<float>(shape, numbers); }

OpCall likelihood(const char* reduction) {
  return {"NegativeLogLikelihoodLoss",
          {values({2, 2}, {-1, -2, -3, -4}), ints({1, 0}), values({2}, {1, 3})},
          {{"reduction", std::string(reduction)}}};
}

TEST(NegativeLogLikelihoodLoss, WeighsClasses) {
  EXPECT_EQ(list<float>(run_op(likelihood("none"))[0]), (std::vector<float>{6, 3}));
  EXPECT_EQ(list<float>(run_op(likelihood("sum"))[0]), (std::vector<float>{9}));
  EXPECT_EQ(list<float>(run_op(likelihood("mean"))[0]), (std::vector<float>{9.0F / 4}));
}

TEST(NegativeLogLikelihoodLoss, IgnoresALabelAndRefusesOthersOutside) {
  OpCall call = likelihood("none");
  call.inputs[1] = ints({1, 7});
  EXPECT_EQ(error_of(call), "node 'test' (NegativeLogLikelihoodLoss): label 7 at position 1 is outside [0, 1]");
  call.attributes.emplace_back("ignore_index", std::int64_t{7});
  EXPECT_EQ(list<float>(run_op(call)[0]), (std::vector<float>{6, 0}));
}

TEST(SoftmaxCrossEntropyLoss, OfEqualScoresIsTheLogOfTheirNumber) {
  const auto outputs =
      run_op({.op_type = "SoftmaxCrossEntropyLoss", .inputs = {values({1, 4}, {5, 5, 5, 5}), ints({2})}, .outputs = 2});
  EXPECT_FLOAT_EQ(list<float>(outputs[0])[0], std::log(4.0F));
  EXPECT_FLOAT_EQ(list<float>(outputs[1])[3], -std::log(4.0F));
}

}  // namespace
}  // namespace zeropoint
