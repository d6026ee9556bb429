#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/run_op.h"

// Pow, Mod, Clip, Where, PRelu, Cast: operators whose inputs have types or roles of their own.
namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsNan;
using ::zeropoint::testing::counting;
using ::zeropoint::testing::error_of;
using ::zeropoint::testing::list;
using ::zeropoint::testing::run_op;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

template <class T>
Tensor vec(std::initializer_list<T> values) {
  return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, values);
}

AttributeValue type(DType dtype) { return static_cast<std::int64_t>(dtype); }

TEST(Pow, ComputesInTheTypeOfTheBase) {
  EXPECT_THAT(list<float>(run_op({.op_type = "Pow", .inputs = {vec<float>({2, 3}), vec<std::int64_t>({3, 2})}})[0]),
              ElementsAre(8, 9));
  EXPECT_THAT(
      list<std::int32_t>(run_op({.op_type = "Pow", .inputs = {vec<std::int32_t>({2, 4}), vec<float>({0.5, 0.5})}})[0]),
      ElementsAre(1, 2));
  EXPECT_THAT(
      list<std::int64_t>(run_op(
          {.op_type = "Pow", .inputs = {vec<std::int64_t>({3, -1, 2, 1}), vec<std::int64_t>({4, -3, -1, -5})}})[0]),
      ElementsAre(81, -1, 0, 1));
}

TEST(Pow, ConstantExponentsTakeShortCuts) {
  const Tensor x = vec<float>({-2, 3});
  EXPECT_THAT(list<float>(run_op({.op_type = "Pow", .inputs = {x, Tensor::scalar(2.0F)}})[0]), ElementsAre(4, 9));
  EXPECT_THAT(list<float>(run_op({.op_type = "Pow", .inputs = {x, Tensor::scalar(3.0F)}})[0]), ElementsAre(-8, 27));
  EXPECT_THAT(list<float>(run_op({.op_type = "Pow", .inputs = {vec<float>({9}), Tensor::scalar(0.5F)}})[0]),
              ElementsAre(3));
  EXPECT_EQ(run_op({.op_type = "Pow", .inputs = {Tensor::scalar(2.0F), vec<float>({2})}})[0].shape(), Shape{1});
}

TEST(Mod, FollowsThePythonOrTheCSign) {
  const Tensor a = vec<std::int32_t>({-4, 7, 5, 4, -7, 8});
  const Tensor b = vec<std::int32_t>({2, -3, 8, -2, 3, 5});
  EXPECT_THAT(list<std::int32_t>(run_op({.op_type = "Mod", .inputs = {a, b}})[0]), ElementsAre(0, -2, 5, 0, 2, 3));
  EXPECT_THAT(
      list<std::int32_t>(run_op({.op_type = "Mod", .inputs = {a, b}, .attributes = {{"fmod", std::int64_t{1}}}})[0]),
      ElementsAre(0, 1, 5, 0, -1, 3));
  EXPECT_THAT(list<float>(run_op({.op_type = "Mod",
                                  .inputs = {vec<float>({-4.5}), vec<float>({2})},
                                  .attributes = {{"fmod", std::int64_t{1}}}})[0]),
              ElementsAre(-0.5));
  EXPECT_THAT(
      list<std::int32_t>(run_op({.op_type = "Mod", .inputs = {vec<std::int32_t>({5}), vec<std::int32_t>({0})}})[0]),
      ElementsAre(5));
}

TEST(Clip, BoundsAreInputsSinceOpset11) {
  const Tensor x = vec<float>({-3, 0.5, 3, kNan});
  EXPECT_THAT(list<float>(run_op({.op_type = "Clip", .inputs = {x, Tensor::scalar(-1.0F), Tensor::scalar(2.0F)}})[0]),
              ElementsAre(-1, 0.5, 2, IsNan()));
  EXPECT_THAT(list<float>(run_op({.op_type = "Clip", .inputs = {x, Tensor(), Tensor::scalar(2.0F)}})[0]),
              ElementsAre(-3, 0.5, 2, IsNan()));
  EXPECT_THAT(list<std::int8_t>(run_op(
                  {.op_type = "Clip", .inputs = {vec<std::int8_t>({-3, 3}), Tensor::scalar<std::int8_t>(0)}})[0]),
              ElementsAre(0, 3));
  EXPECT_THAT(error_of({.op_type = "Clip", .inputs = {x, vec<float>({1, 2})}}),
              HasSubstr("bound (input 1) has shape [2]; a scalar is expected"));
}

TEST(Clip, BoundsWereAttributesBefore) {
  const Tensor x = vec<float>({-3, kInf});
  EXPECT_THAT(list<float>(run_op(
                  {.op_type = "Clip", .inputs = {x}, .attributes = {{"min", -1.0F}, {"max", 2.0F}}, .opset = 7})[0]),
              ElementsAre(-1, 2));
  EXPECT_THAT(list<float>(run_op({.op_type = "Clip", .inputs = {x}, .opset = 7})[0]), ElementsAre(-3, kInf));
}

TEST(Clip, TheUpperBoundWinsWhenTheyCross) {
  EXPECT_THAT(list<float>(run_op(
                  {.op_type = "Clip", .inputs = {vec<float>({0, 5}), Tensor::scalar(3.0F), Tensor::scalar(1.0F)}})[0]),
              ElementsAre(1, 1));
}

TEST(Where, SelectsAnyTypeWithBroadcast) {
  const Tensor condition = Tensor::of<bool>({2, 1}, {true, false});
  const Tensor y = run_op({.op_type = "Where", .inputs = {condition, vec<float>({1, 2}), Tensor::scalar(9.0F)}})[0];
  EXPECT_EQ(y.shape(), (Shape{2, 2}));
  EXPECT_THAT(list<float>(y), ElementsAre(1, 2, 9, 9));
  EXPECT_THAT(list<std::int64_t>(run_op(
                  {.op_type = "Where", .inputs = {condition, vec<std::int64_t>({1}), vec<std::int64_t>({2})}})[0]),
              ElementsAre(1, 2));
  EXPECT_THAT(error_of({.op_type = "Where", .inputs = {vec<float>({1}), vec<float>({1}), vec<float>({1})}}),
              HasSubstr("condition is float32, not boolean"));
}

TEST(PRelu, TheSlopeIsPerChannel) {
  const Tensor x = Tensor::of<float>({1, 2, 2}, {-1, 2, -3, 4});
  EXPECT_THAT(list<float>(run_op({.op_type = "PRelu", .inputs = {x, Tensor::of<float>({2, 1}, {0.5, 10})}})[0]),
              ElementsAre(-0.5, 2, -30, 4));
  EXPECT_THAT(error_of({.op_type = "PRelu", .inputs = {vec<float>({1}), vec<float>({1, 2})}}),
              HasSubstr("slope of shape [2] does not broadcast to [1]"));
}

TEST(Cast, FloatsBecomeIntegersTowardsZeroAndWrap) {
  const Tensor y = run_op(
      {.op_type = "Cast", .inputs = {vec<float>({2.9F, -2.9F, 300, -1})}, .attributes = {{"to", type(DType::u8)}}})[0];
  EXPECT_THAT(list<std::uint8_t>(y), ElementsAre(2, 254, 44, 255));
  EXPECT_THAT(list<bool>(run_op({.op_type = "Cast",
                                 .inputs = {vec<float>({0.3F, -0.0F, kNan})},
                                 .attributes = {{"to", type(DType::boolean)}}})[0]),
              ElementsAre(true, false, true));
}

TEST(Cast, PacksFourAndTwoBits) {
  const Tensor x = vec<float>({-9, -8, 7, 3, -1});
  const Tensor y = run_op({.op_type = "Cast", .inputs = {x}, .attributes = {{"to", type(DType::i4)}}})[0];
  EXPECT_EQ(y.shape(), Shape{5});
  EXPECT_THAT(std::vector<int>(y.data<std::uint8_t>(), y.data<std::uint8_t>() + 3), ElementsAre(0x87, 0x37, 0x0F));
  EXPECT_THAT(list<float>(run_op({.op_type = "Cast", .inputs = {y}, .attributes = {{"to", type(DType::f32)}}})[0]),
              ElementsAre(7, -8, 7, 3, -1));
  const Tensor z = run_op({.op_type = "Cast", .inputs = {x}, .attributes = {{"to", type(DType::u2)}}})[0];
  EXPECT_THAT(list<float>(run_op({.op_type = "Cast", .inputs = {z}, .attributes = {{"to", type(DType::f32)}}})[0]),
              ElementsAre(3, 0, 3, 3, 3));
}

TEST(Cast, SmallFloatsSaturateUnlessToldOtherwise) {
  const Tensor x = vec<float>({500, -0.0F, kInf});
  const auto codes = [](const Tensor& t) {
    return std::vector<int>(t.data<std::uint8_t>(), t.data<std::uint8_t>() + 3);
  };
  EXPECT_THAT(codes(run_op({.op_type = "Cast", .inputs = {x}, .attributes = {{"to", type(DType::f8e4m3fn)}}})[0]),
              ElementsAre(0x7E, 0x80, 0x7E));
  EXPECT_THAT(codes(run_op({.op_type = "Cast",
                            .inputs = {x},
                            .attributes = {{"to", type(DType::f8e4m3fn)}, {"saturate", std::int64_t{0}}}})[0]),
              ElementsAre(0x7F, 0x80, 0x7F));
  EXPECT_THAT(error_of({.op_type = "Cast",
                        .inputs = {x},
                        .attributes = {{"to", type(DType::f8e8m0)}, {"round_mode", std::string("odd")}}}),
              HasSubstr("round_mode is 'odd'; it must be up, down or nearest"));
}

TEST(Cast, DoublesRoundOnceToHalves) {
  // A hair above the midpoint of two float16: through float32 it would land on the midpoint and go to even.
  const Tensor y = run_op({.op_type = "Cast",
                           .inputs = {vec<double>({1 + 0x1p-11 + 0x1p-40})},
                           .attributes = {{"to", type(DType::f16)}}})[0];
  EXPECT_EQ(*y.data<std::uint16_t>(), 0x3C01);
}

TEST(Cast, StringsBothWays) {
  const Tensor text = run_op({.op_type = "Cast",
                              .inputs = {vec<float>({0.1F, 3, kNan, -kInf})},
                              .attributes = {{"to", type(DType::string)}}})[0];
  EXPECT_THAT(text.strings(), ElementsAre("0.1", "3.0", "nan", "-inf"));
  const Tensor numbers = Tensor::of_strings({4}, {"3.14", "1e-5", "INF", "-inf"});
  EXPECT_THAT(
      list<float>(run_op({.op_type = "Cast", .inputs = {numbers}, .attributes = {{"to", type(DType::f32)}}})[0]),
      ElementsAre(3.14F, 1e-5F, kInf, -kInf));
  EXPECT_THAT(
      error_of(
          {.op_type = "Cast", .inputs = {Tensor::of_strings({1}, {"two"})}, .attributes = {{"to", type(DType::f32)}}}),
      HasSubstr("the string 'two' is not a number"));
  EXPECT_THAT(error_of({.op_type = "Cast", .inputs = {counting({1})}, .attributes = {{"to", std::int64_t{99}}}}),
              HasSubstr("to = 99 names no type"));
}

TEST(CastLike, TakesTheTypeOfItsSecondInput) {
  EXPECT_EQ(run_op({.op_type = "CastLike", .inputs = {vec<float>({1.5}), vec<std::int8_t>({0})}})[0].dtype(),
            DType::i8);
}

}  // namespace
}  // namespace zeropoint
