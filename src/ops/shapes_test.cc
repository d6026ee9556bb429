// Operators that give the same elements another shape, or speak about shapes.
#include <gtest/gtest.h>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::counting;
using testing::error_of;
using testing::infer_op;
using testing::ints;
using testing::list;
using testing::OpCall;
using testing::run_op;

Shape shape_of(const OpCall& call) { return run_op(call)[0].shape(); }

TEST(Reshape, ZeroKeepsAndMinusOneFills) {
  EXPECT_EQ(shape_of({"Reshape", {counting({2, 3, 4}), ints({0, -1})}}), (Shape{2, 12}));
  EXPECT_EQ(shape_of({"Reshape", {counting({2, 3, 4}), ints({4, 6})}}), (Shape{4, 6}));
  EXPECT_EQ(shape_of({"Reshape", {counting({1}), ints({})}}), (Shape{}));
  EXPECT_EQ(shape_of({"Reshape", {counting({6})}, {{"shape", std::vector<std::int64_t>{3, 2}}}, 1}), (Shape{3, 2}));
  EXPECT_EQ(list<float>(run_op({"Reshape", {counting({4}), ints({2, 2})}})[0]), (std::vector<float>{0, 1, 2, 3}));
}

TEST(Reshape, AllowZeroTakesZeroLiterally) {
  EXPECT_EQ(shape_of({"Reshape", {counting({0, 3}), ints({3, 0})}, {{"allowzero", std::int64_t{1}}}}), (Shape{3, 0}));
}

TEST(Reshape, RefusesShapesThatDoNotFit) {
  EXPECT_EQ(error_of({"Reshape", {counting({6}), ints({-1, -1})}}),
            "node 'test' (Reshape): the shape [-1, -1] has more than one -1");
  EXPECT_EQ(error_of({"Reshape", {counting({6}), ints({4, -1})}}),
            "node 'test' (Reshape): 6 elements of [6] do not fill the shape [4, -1]");
  EXPECT_EQ(error_of({"Reshape", {counting({6}), ints({-2, 3})}}),
            "node 'test' (Reshape): [-2, 3] is not a shape that [6] can take");
  EXPECT_EQ(error_of({"Reshape", {counting({6}), ints({6, 0})}}),
            "node 'test' (Reshape): the 0 at position 1 of the shape [6, 0] has no dimension of [6] to keep");
  EXPECT_EQ(error_of({"Reshape", {counting({6}), ints({1LL << 40, 1LL << 40})}}),
            "node 'test' (Reshape): [1099511627776, 1099511627776] is not a shape that [6] can take");
}

TEST(Reshape, AnUnknownTargetIsPlannedLate) {
  const auto facts =
      infer_op({.op_type = "Reshape", .inputs = {counting({6}), ints({2, 3})}, .constants_known = false});
  EXPECT_TRUE(facts[0].is_dynamic);
}

TEST(Squeeze, RemovesNamedAxesOrAllOnes) {
  EXPECT_EQ(shape_of({"Squeeze", {counting({1, 2, 1})}}), (Shape{2}));
  EXPECT_EQ(shape_of({"Squeeze", {counting({1, 2, 1}), ints({-1})}}), (Shape{1, 2}));
  EXPECT_EQ(shape_of({"Squeeze", {counting({1, 2})}, {{"axes", std::vector<std::int64_t>{0}}}, 11}), (Shape{2}));
  EXPECT_EQ(error_of({"Squeeze", {counting({1, 2}), ints({1})}}), "node 'test' (Squeeze): axis 1 of [1, 2] is not 1");
  EXPECT_EQ(error_of({"Squeeze", {counting({1, 2}), ints({2})}}), "node 'test' (Squeeze): axis 2 is outside [-2, 1]");
}

TEST(Unsqueeze, AddsAxesOfTheOutput) {
  EXPECT_EQ(shape_of({"Unsqueeze", {counting({2, 3}), ints({0, -1})}}), (Shape{1, 2, 3, 1}));
  EXPECT_EQ(shape_of({"Unsqueeze", {counting({2})}, {{"axes", std::vector<std::int64_t>{1}}}, 11}), (Shape{2, 1}));
  EXPECT_EQ(error_of({"Unsqueeze", {counting({2}), ints({1, 1})}}), "node 'test' (Unsqueeze): axis 1 is named twice");
}

TEST(Flatten, SplitsAtTheAxis) {
  EXPECT_EQ(shape_of({"Flatten", {counting({2, 3, 4})}}), (Shape{2, 12}));
  EXPECT_EQ(shape_of({"Flatten", {counting({2, 3, 4})}, {{"axis", std::int64_t{0}}}}), (Shape{1, 24}));
  EXPECT_EQ(shape_of({"Flatten", {counting({2, 3, 4})}, {{"axis", std::int64_t{-1}}}}), (Shape{6, 4}));
  EXPECT_EQ(error_of({"Flatten", {counting({2})}, {{"axis", std::int64_t{2}}}}),
            "node 'test' (Flatten): axis 2 is outside [-1, 1]");
}

TEST(Shape, IsKnownWhilePlanning) {
  const auto facts = infer_op({.op_type = "Shape", .inputs = {counting({2, 3, 4})}, .constants_known = false});
  EXPECT_EQ(list<std::int64_t>(facts[0].constant), (std::vector<std::int64_t>{2, 3, 4}));
  const auto part = infer_op({"Shape", {counting({2, 3, 4})}, {{"start", std::int64_t{-2}}, {"end", std::int64_t{9}}}});
  EXPECT_EQ(list<std::int64_t>(part[0].constant), (std::vector<std::int64_t>{3, 4}));
  const auto none = infer_op({"Shape", {counting({2, 3, 4})}, {{"start", std::int64_t{2}}, {"end", std::int64_t{1}}}});
  EXPECT_EQ(none[0].constant.size(), 0);
}

TEST(Size, CountsElements) {
  EXPECT_EQ(infer_op({"Size", {counting({2, 3, 4})}})[0].constant.data<std::int64_t>()[0], 24);
}

TEST(Constant, TakesTheValueFromWhicheverAttribute) {
  EXPECT_EQ(list<float>(run_op({"Constant", {}, {{"value", counting({2})}}})[0]), (std::vector<float>{0, 1}));
  EXPECT_EQ(list<float>(run_op({"Constant", {}, {{"value_floats", std::vector<float>{3, 4}}}})[0]),
            (std::vector<float>{3, 4}));
  EXPECT_EQ(run_op({"Constant", {}, {{"value_int", std::int64_t{5}}}})[0].data<std::int64_t>()[0], 5);
  EXPECT_EQ(error_of({"Constant", {}}), "node 'test' (Constant): there is no value");
}

TEST(Dropout, PassesTheInputThroughWithAMaskOfTrue) {
  const auto outputs = run_op({.op_type = "Dropout", .inputs = {counting({3})}, .outputs = 2});
  EXPECT_EQ(list<float>(outputs[0]), (std::vector<float>{0, 1, 2}));
  EXPECT_EQ(list<bool>(outputs[1]), (std::vector<bool>{true, true, true}));
  EXPECT_EQ(error_of({"Dropout", {counting({3}), Tensor::scalar(0.5F), Tensor::scalar(true)}}),
            "node 'test' (Dropout): training_mode needs random numbers, which inference does not draw");
}

}  // namespace
}  // namespace zeropoint
