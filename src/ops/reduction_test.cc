#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/reduce_plan.h"
#include "support/run_op.h"

// Reduce*, ArgMax, ArgMin, CumSum, CumProd.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::zeropoint::testing::counting;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::infer_op;
using ::zeropoint::testing::ints;
using ::zeropoint::testing::list;
using ::zeropoint::testing::OpCall;
using ::zeropoint::testing::run_op;

constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> reduced(const std::string& op, const Tensor& x, std::initializer_list<std::int64_t> axes) {
  return list<float>(run_op({.op_type = op, .inputs = {x, ints(axes)}})[0]);
}

TEST(ReducePlan, MergesNeighboursOfOneKind) {
  const ReducePlan plan = plan_reduction({2, 3, 1, 4, 5}, {false, false, true, true, true});
  EXPECT_EQ(plan.outputs, 6);
  EXPECT_EQ(plan.inner.size, 20);
  EXPECT_EQ(plan.columns, 1);
  EXPECT_EQ(plan.start_of(2), 40);
  const ReducePlan columns = plan_reduction({2, 3, 4}, {true, true, false});
  EXPECT_EQ(columns.columns, 4);
  EXPECT_EQ(columns.inner.size, 6);
}

TEST(Reduce, EveryAxisPatternSumsTheSameElements) {
  const Shape shape{2, 3, 2, 5};
  const Tensor x = counting(shape);
  for (int mask = 0; mask < 16; ++mask) {
    std::vector<std::int64_t> axes;
    Shape kept;
    for (int i = 0; i < 4; ++i) {
      if ((mask >> i & 1) != 0) {
        axes.push_back(i);
      } else {
        kept.push_back(shape[static_cast<std::size_t>(i)]);
      }
    }
    if (axes.empty()) continue;
    std::vector<double> expected(static_cast<std::size_t>(element_count(kept)));
    for (std::int64_t i = 0; i < x.size(); ++i) {
      std::int64_t rest = i;
      std::int64_t out = 0;
      std::int64_t weight = 1;
      for (int d = 3; d >= 0; --d) {
        const std::int64_t dim = shape[static_cast<std::size_t>(d)];
        if ((mask >> d & 1) == 0) {
          out += rest % dim * weight;
          weight *= dim;
        }
        rest /= dim;
      }
      expected[static_cast<std::size_t>(out)] += x.data<float>()[i];
    }
    const OpCall call{.op_type = "ReduceSum",
                      .inputs = {x, Tensor::copy_of<std::int64_t>({static_cast<std::int64_t>(axes.size())}, axes)},
                      .attributes = {{"keepdims", std::int64_t{0}}}};
    const Tensor sum = run_op(call)[0];
    EXPECT_EQ(sum.shape(), kept);
    EXPECT_THAT(list<float>(sum), ElementsAreArray(expected)) << "axes mask " << mask;
  }
}

TEST(Reduce, EveryKind) {
  const Tensor x = Tensor::of<float>({2, 2}, {1, -2, 3, 4});
  EXPECT_THAT(reduced("ReduceSum", x, {1}), ElementsAre(-1, 7));
  EXPECT_THAT(reduced("ReduceMean", x, {0}), ElementsAre(2, 1));
  EXPECT_THAT(reduced("ReduceMax", x, {0}), ElementsAre(3, 4));
  EXPECT_THAT(reduced("ReduceMin", x, {-1}), ElementsAre(-2, 3));
  EXPECT_THAT(reduced("ReduceProd", x, {0, 1}), ElementsAre(-24));
  EXPECT_THAT(reduced("ReduceL1", x, {1}), ElementsAre(3, 7));
  EXPECT_THAT(reduced("ReduceL2", x, {1}), ElementsAre(FloatEq(std::sqrt(5.0F)), 5));
  EXPECT_THAT(reduced("ReduceSumSquare", x, {1}), ElementsAre(5, 25));
  EXPECT_THAT(reduced("ReduceLogSum", x, {0}), ElementsAre(FloatEq(std::log(4.0F)), FloatEq(std::log(2.0F))));
  EXPECT_THAT(reduced("ReduceLogSumExp", Tensor::of<float>({2}, {1000, 1000}), {0}),
              ElementsAre(FloatNear(1000.6931F, 1e-4F)));
}

TEST(Reduce, AxesAreAttributesInOldModels) {
  const Tensor x = counting({2, 3});
  EXPECT_THAT(list<float>(run_op({.op_type = "ReduceSum",
                                  .inputs = {x},
                                  .attributes = {{"axes", std::vector<std::int64_t>{1}}},
                                  .opset = 11})[0]),
              ElementsAre(3, 12));
}

TEST(Reduce, WithoutAxesAllOrNothing) {
  const Tensor x = Tensor::of<float>({2}, {3, -4});
  EXPECT_THAT(list<float>(run_op({.op_type = "ReduceL2", .inputs = {x}})[0]), ElementsAre(5));
  EXPECT_THAT(
      list<float>(run_op(
          {.op_type = "ReduceSum", .inputs = {x}, .attributes = {{"noop_with_empty_axes", std::int64_t{1}}}})[0]),
      ElementsAre(3, -4));
}

TEST(Reduce, AxesThatAreNotKnownYetMakeTheShapeLate) {
  const auto facts =
      infer_op({.op_type = "ReduceSum", .inputs = {counting({2, 3}), ints({1})}, .constants_known = false});
  EXPECT_TRUE(facts[0].is_dynamic);
}

TEST(Reduce, EmptySetsGiveTheNeutralElement) {
  const Tensor x = Tensor::zeros(DType::f32, {2, 0, 2});
  EXPECT_THAT(reduced("ReduceSum", x, {1}), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(reduced("ReduceProd", x, {1}), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(reduced("ReduceMax", x, {1}), ElementsAre(-kInf, -kInf, -kInf, -kInf));
  EXPECT_THAT(reduced("ReduceLogSumExp", x, {1}), ElementsAre(-kInf, -kInf, -kInf, -kInf));
}

TEST(Reduce, OtherTypes) {
  EXPECT_THAT(
      list<std::int32_t>(run_op({.op_type = "ReduceMean", .inputs = {Tensor::of<std::int32_t>({3}, {1, 2, 6})}})[0]),
      ElementsAre(3));
  EXPECT_THAT(list<bool>(run_op({.op_type = "ReduceMax",
                                 .inputs = {Tensor::of<bool>({2, 2}, {true, false, false, false}), ints({1})}})[0]),
              ElementsAre(true, false));
  EXPECT_THAT(list<double>(run_op({.op_type = "ReduceLogSumExp", .inputs = {Tensor::of<double>({2}, {0, 0})}})[0]),
              ElementsAre(std::log(2.0)));
  EXPECT_THAT(error_of({.op_type = "ReduceSum", .inputs = {counting({2}), ints({1})}}),
              HasSubstr("axis 1 is outside [-1, 0]"));
}

TEST(ArgMax, FirstOrLastOfEquals) {
  const Tensor x = Tensor::of<float>({2, 3}, {1, 5, 5, 7, 0, 7});
  EXPECT_THAT(
      list<std::int64_t>(run_op({.op_type = "ArgMax", .inputs = {x}, .attributes = {{"axis", std::int64_t{1}}}})[0]),
      ElementsAre(1, 0));
  EXPECT_THAT(list<std::int64_t>(
                  run_op({.op_type = "ArgMax",
                          .inputs = {x},
                          .attributes = {{"axis", std::int64_t{-1}}, {"select_last_index", std::int64_t{1}}}})[0]),
              ElementsAre(2, 2));
  const Tensor y = run_op({.op_type = "ArgMin", .inputs = {x}, .attributes = {{"keepdims", std::int64_t{0}}}})[0];
  EXPECT_EQ(y.shape(), Shape{3});
  EXPECT_THAT(list<std::int64_t>(y), ElementsAre(0, 1, 0));
  EXPECT_THAT(error_of({.op_type = "ArgMax", .inputs = {Tensor::zeros(DType::f32, {0})}}),
              HasSubstr("dimension 0 is empty"));
}

TEST(CumSum, ForwardsReverseExclusive) {
  const Tensor x = Tensor::of<float>({2, 2}, {1, 2, 3, 4});
  const auto cumsum = [&](std::int64_t axis, std::int64_t exclusive, std::int64_t reverse) {
    return list<float>(run_op({.op_type = "CumSum",
                               .inputs = {x, Tensor::scalar(axis)},
                               .attributes = {{"exclusive", exclusive}, {"reverse", reverse}}})[0]);
  };
  EXPECT_THAT(cumsum(0, 0, 0), ElementsAre(1, 2, 4, 6));
  EXPECT_THAT(cumsum(-1, 0, 1), ElementsAre(3, 2, 7, 4));
  EXPECT_THAT(cumsum(1, 1, 0), ElementsAre(0, 1, 0, 3));
  EXPECT_THAT(
      list<std::int32_t>(run_op({.op_type = "CumProd",
                                 .inputs = {Tensor::of<std::int32_t>({3}, {2, 3, 4}), Tensor::scalar<std::int32_t>(0)},
                                 .opset = 26})[0]),
      ElementsAre(2, 6, 24));
  EXPECT_THAT(error_of({.op_type = "CumSum", .inputs = {x, Tensor::scalar<std::int64_t>(2)}}),
              HasSubstr("axis 2 is outside [-2, 1]"));
}

}  // namespace
}  // namespace zeropoint
