#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/run_op.h"

// Softmax and its relatives, and every normalization.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::zeropoint::testing::counting;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::list;
using ::zeropoint::testing::run_op;

auto near(float value) { return FloatNear(value, 1e-5F); }

TEST(Softmax, AlongOneAxisSinceOpset13) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {0, 0, std::log(3.0F), 0});
  EXPECT_THAT(list<float>(run_op({.op_type = "Softmax", .inputs = {x}})[0]),
              ElementsAre(0.5, 0.5, near(0.75), near(0.25)));
  EXPECT_THAT(list<float>(run_op({.op_type = "Softmax", .inputs = {x}, .attributes = {{"axis", std::int64_t{1}}}})[0]),
              ElementsAre(near(0.25), 0.5, near(0.75), 0.5));
}

TEST(Softmax, OverAllLaterDimensionsBefore) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {0, 0, std::log(3.0F), 0});
  EXPECT_THAT(list<float>(run_op({.op_type = "Softmax", .inputs = {x}, .opset = 11})[0]),
              ElementsAre(near(1.0F / 6), near(1.0F / 6), near(0.5), near(1.0F / 6)));
}

TEST(Softmax, DoublesLogarithmsAndHardmax) {
  const Tensor x = Tensor::of<double>({2}, {0, std::log(3.0)});
  EXPECT_THAT(list<double>(run_op({.op_type = "Softmax", .inputs = {x}})[0]),
              ElementsAre(::testing::DoubleEq(0.25), ::testing::DoubleEq(0.75)));
  EXPECT_THAT(list<double>(run_op({.op_type = "LogSoftmax", .inputs = {x}})[0])[0],
              ::testing::DoubleEq(std::log(0.25)));
  EXPECT_THAT(list<float>(run_op({.op_type = "Hardmax", .inputs = {Tensor::of<float>({4}, {1, 3, 3, 2})}})[0]),
              ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(error_of({.op_type = "Softmax", .inputs = {x}, .attributes = {{"axis", std::int64_t{1}}}}),
              HasSubstr("axis 1 is outside [-1, 0]"));
}

TEST(LayerNormalization, OverTheLastDimensionsWithMoments) {
  const Tensor x = Tensor::of<float>({2, 2}, {1, 3, 10, 20});
  const auto y = run_op({.op_type = "LayerNormalization",
                         .inputs = {x, Tensor::of<float>({2}, {1, 2}), Tensor::of<float>({2}, {0, 1})},
                         .attributes = {{"epsilon", 0.0F}},
                         .outputs = 3});
  EXPECT_THAT(list<float>(y[0]), ElementsAre(near(-1), near(3), near(-1), near(3)));
  EXPECT_EQ(y[1].shape(), (Shape{2, 1}));
  EXPECT_THAT(list<float>(y[1]), ElementsAre(2, 15));
  EXPECT_THAT(list<float>(y[2]), ElementsAre(near(1), near(0.2)));
}

TEST(LayerNormalization, ScaleMayBroadcastWithinTheSlice) {
  const Tensor x = counting({1, 2, 2});
  const auto y = run_op({.op_type = "LayerNormalization",
                         .inputs = {x, Tensor::of<float>({2, 1}, {0, 1})},
                         .attributes = {{"axis", std::int64_t{1}}}})[0];
  EXPECT_THAT(list<float>(y), ElementsAre(0, 0, FloatNear(0.44721F, 1e-4F), FloatNear(1.34164F, 1e-4F)));
  EXPECT_THAT(error_of({.op_type = "LayerNormalization", .inputs = {x, counting({3})}}), HasSubstr("[2] and [3]"));
}

TEST(RmsNormalization, DoesNotSubtractTheMean) {
  const Tensor x = Tensor::of<float>({1, 2}, {3, 4});
  const Tensor y = run_op({.op_type = "RMSNormalization",
                           .inputs = {x, Tensor::of<float>({2}, {1, 1})},
                           .attributes = {{"epsilon", 0.0F}},
                           .opset = 23})[0];
  EXPECT_THAT(list<float>(y), ElementsAre(near(3 / std::sqrt(12.5F)), near(4 / std::sqrt(12.5F))));
}

TEST(InstanceNormalization, PerChannelOfEachSample) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {1, 3, 10, 20});
  const Tensor y = run_op({.op_type = "InstanceNormalization",
                           .inputs = {x, Tensor::of<float>({2}, {1, 2}), Tensor::of<float>({2}, {0, 1})},
                           .attributes = {{"epsilon", 0.0F}}})[0];
  EXPECT_THAT(list<float>(y), ElementsAre(near(-1), near(1), near(-1), near(3)));
  EXPECT_THAT(error_of({.op_type = "InstanceNormalization", .inputs = {x, counting({3}), counting({3})}}),
              HasSubstr("scale is float32 [3]; float32 [2] is expected"));
}

TEST(GroupNormalization, ScaleBelongsToGroupsThenToChannels) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {1, 1, 3, 3});
  const AttributeValue one = std::int64_t{1};
  const Tensor before = run_op({.op_type = "GroupNormalization",
                                .inputs = {x, Tensor::of<float>({1}, {2}), Tensor::of<float>({1}, {1})},
                                .attributes = {{"num_groups", one}, {"epsilon", 0.0F}},
                                .opset = 18})[0];
  EXPECT_THAT(list<float>(before), ElementsAre(near(-1), near(-1), near(3), near(3)));
  const Tensor since = run_op({.op_type = "GroupNormalization",
                               .inputs = {x, Tensor::of<float>({2}, {2, 10}), Tensor::of<float>({2}, {1, 0})},
                               .attributes = {{"num_groups", one}, {"epsilon", 0.0F}},
                               .opset = 21})[0];
  EXPECT_THAT(list<float>(since), ElementsAre(near(-1), near(-1), near(10), near(10)));
  EXPECT_THAT(error_of({.op_type = "GroupNormalization",
                        .inputs = {x, counting({2}), counting({2})},
                        .attributes = {{"num_groups", std::int64_t{3}}}}),
              HasSubstr("num_groups = 3 does not divide 2 channels"));
}

TEST(Lrn, SumsSquaresOfNeighbouringChannels) {
  const Tensor x = Tensor::of<float>({1, 3, 1}, {1, 2, 3});
  const Tensor y = run_op(
      {.op_type = "LRN", .inputs = {x}, .attributes = {{"size", std::int64_t{3}}, {"alpha", 3.0F}, {"beta", 1.0F}}})[0];
  EXPECT_THAT(list<float>(y), ElementsAre(near(1.0F / 6), near(2.0F / 15), near(3.0F / 14)));
}

TEST(LpNormalization, DividesByTheNorm) {
  const Tensor x = Tensor::of<float>({2, 2}, {3, 0, 4, 0});
  EXPECT_THAT(
      list<float>(run_op(
          {.op_type = "LpNormalization", .inputs = {x}, .attributes = {{"axis", std::int64_t{0}}}, .opset = 22})[0]),
      ElementsAre(near(0.6F), 0, near(0.8F), 0));
  EXPECT_THAT(
      list<float>(run_op(
          {.op_type = "LpNormalization", .inputs = {x}, .attributes = {{"p", std::int64_t{1}}}, .opset = 22})[0]),
      ElementsAre(1, 0, 1, 0));
  EXPECT_THAT(error_of({.op_type = "LpNormalization", .inputs = {x}, .attributes = {{"p", std::int64_t{3}}}}),
              HasSubstr("p = 3; it must be 1 or 2"));
}

TEST(MeanVarianceNormalization, OverTheGivenAxes) {
  const Tensor x = Tensor::of<float>({2, 2}, {1, 10, 3, 20});
  EXPECT_THAT(list<float>(run_op({.op_type = "MeanVarianceNormalization",
                                  .inputs = {x},
                                  .attributes = {{"axes", std::vector<std::int64_t>{0}}}})[0]),
              ElementsAre(near(-1), near(-1), near(1), near(1)));
}

}  // namespace
}  // namespace zeropoint
