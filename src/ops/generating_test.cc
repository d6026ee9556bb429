// Operators that make tensors from a few numbers, and those whose output size depends on values.
#include <gtest/gtest.h>

#include <cmath>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::counting;
using testing::error_of;
using testing::infer_op;
using testing::ints;
using testing::list;
using testing::run_op;

TEST(Range, CountsUpAndDown) {
  const auto range = [](auto start, auto limit, auto delta) {
    return run_op({"Range", {Tensor::scalar(start), Tensor::scalar(limit), Tensor::scalar(delta)}})[0];
  };
  EXPECT_EQ(list<float>(range(1.0F, 2.0F, 0.25F)), (std::vector<float>{1, 1.25, 1.5, 1.75}));
  EXPECT_EQ(list<std::int64_t>(range(std::int64_t{10}, std::int64_t{4}, std::int64_t{-3})),
            (std::vector<std::int64_t>{10, 7}));
  EXPECT_EQ(range(1, 1, 1).size(), 0);
  EXPECT_EQ(list<std::int64_t>(range(INT64_MIN, INT64_MIN + 2, std::int64_t{1})),
            (std::vector<std::int64_t>{INT64_MIN, INT64_MIN + 1}));
}

TEST(Range, RefusesWhatHasNoEnd) {
  EXPECT_EQ(error_of({"Range", {Tensor::scalar(0), Tensor::scalar(3), Tensor::scalar(0)}}),
            "node 'test' (Range): delta is 0");
  EXPECT_EQ(error_of({"Range", {Tensor::scalar(0.0F), Tensor::scalar(NAN), Tensor::scalar(1.0F)}}),
            "node 'test' (Range): 0 to nan in steps of 1 has no end");
  EXPECT_EQ(
      error_of({"Range", {Tensor::scalar(INT64_MIN), Tensor::scalar(INT64_MAX), Tensor::scalar<std::int64_t>(1)}}),
      "node 'test' (Range): the output [9223372036854775807] of int64 does not fit in this machine's memory");
}

TEST(ConstantOfShape, FillsWithZeroOrTheValue) {
  EXPECT_EQ(list<float>(run_op({"ConstantOfShape", {ints({2})}})[0]), (std::vector<float>{0, 0}));
  EXPECT_EQ(list<std::int64_t>(run_op({"ConstantOfShape", {ints({1, 2})}, {{"value", ints({7})}}})[0]),
            (std::vector<std::int64_t>{7, 7}));
  EXPECT_EQ(run_op({"ConstantOfShape", {ints({})}})[0].shape(), (Shape{}));
}

TEST(ConstantOfShape, RefusesImpossibleShapes) {
  EXPECT_EQ(error_of({"ConstantOfShape", {ints({2, -1})}}),
            "node 'test' (ConstantOfShape): the output would have the negative dimension -1");
  EXPECT_EQ(error_of({"ConstantOfShape", {ints({1LL << 40, 1LL << 40})}}),
            "node 'test' (ConstantOfShape): the output [1099511627776, 1099511627776] is too large");
  EXPECT_EQ(
      error_of({"ConstantOfShape", {ints({1LL << 42})}}),
      "node 'test' (ConstantOfShape): the output [4398046511104] of float32 does not fit in this machine's memory");
}

TEST(EyeLike, PutsOnesOnADiagonal) {
  EXPECT_EQ(list<float>(run_op({"EyeLike", {counting({2, 3})}, {{"k", std::int64_t{1}}}})[0]),
            (std::vector<float>{0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(list<float>(run_op({"EyeLike", {counting({2, 2})}, {{"k", INT64_MIN + 1}}})[0]),
            (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(run_op({"EyeLike", {counting({2, 2})}, {{"dtype", std::int64_t{7}}}})[0].dtype(), DType::i64);
}

TEST(Trilu, KeepsATriangle) {
  const auto trilu = [](std::int64_t upper, std::int64_t k) {
    return list<float>(run_op({"Trilu", {counting({3, 3}), Tensor::scalar(k)}, {{"upper", upper}}})[0]);
  };
  EXPECT_EQ(trilu(1, 0), (std::vector<float>{0, 1, 2, 0, 4, 5, 0, 0, 8}));
  EXPECT_EQ(trilu(0, -1), (std::vector<float>{0, 0, 0, 3, 0, 0, 6, 7, 0}));
  EXPECT_EQ(trilu(1, INT64_MAX), (std::vector<float>(9, 0)));
}

TEST(NonZero, ListsIndicesByAxis) {
  const Tensor x = Tensor::of<float>({2, 2}, {1, -0.0F, NAN, 3});
  EXPECT_TRUE(infer_op({"NonZero", {x}})[0].is_dynamic);
  const Tensor found = run_op({"NonZero", {x}})[0];
  EXPECT_EQ(found.shape(), (Shape{2, 3}));
  EXPECT_EQ(list<std::int64_t>(found), (std::vector<std::int64_t>{0, 1, 1, 0, 0, 1}));
}

TEST(Unique, SortsOrKeepsTheOrderOfAppearance) {
  const Tensor x = Tensor::of<float>({6}, {2, 1, 1, 3, 4, 3});
  const auto sorted = run_op({.op_type = "Unique", .inputs = {x}, .outputs = 4});
  EXPECT_EQ(list<float>(sorted[0]), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(list<std::int64_t>(sorted[1]), (std::vector<std::int64_t>{1, 0, 3, 4}));
  EXPECT_EQ(list<std::int64_t>(sorted[2]), (std::vector<std::int64_t>{1, 0, 0, 2, 3, 2}));
  EXPECT_EQ(list<std::int64_t>(sorted[3]), (std::vector<std::int64_t>{2, 1, 2, 1}));
  const auto appearing = run_op({"Unique", {x}, {{"sorted", std::int64_t{0}}}, 21, 3});
  EXPECT_EQ(list<float>(appearing[0]), (std::vector<float>{2, 1, 3, 4}));
  EXPECT_EQ(list<std::int64_t>(appearing[2]), (std::vector<std::int64_t>{0, 1, 1, 2, 3, 2}));
}

TEST(Unique, ComparesSlicesAlongAnAxis) {
  const Tensor x = Tensor::of<float>({2, 3}, {1, 0, 1, 2, 5, 2});
  const Tensor y = run_op({"Unique", {x}, {{"axis", std::int64_t{1}}}})[0];
  EXPECT_EQ(y.shape(), (Shape{2, 2}));
  EXPECT_EQ(list<float>(y), (std::vector<float>{0, 1, 5, 2}));
}

TEST(TopK, TiesGoToTheLowerIndexAndNanIsLargest) {
  const auto top =
      run_op({.op_type = "TopK", .inputs = {Tensor::of<float>({5}, {1, 3, NAN, 3, 2}), ints({3})}, .outputs = 2});
  EXPECT_TRUE(std::isnan(list<float>(top[0])[0]));
  EXPECT_EQ(list<std::int64_t>(top[1]), (std::vector<std::int64_t>{2, 1, 3}));
  const auto low = run_op({"TopK",
                           {Tensor::of<float>({2, 2}, {1, 4, 3, 2}), ints({1})},
                           {{"axis", std::int64_t{0}}, {"largest", std::int64_t{0}}},
                           21,
                           2});
  EXPECT_EQ(list<float>(low[0]), (std::vector<float>{1, 2}));
  EXPECT_EQ(list<std::int64_t>(low[1]), (std::vector<std::int64_t>{0, 1}));
}

TEST(TopK, HeapAndSelectionAgree) {
  Tensor x = Tensor::allocate(DType::f32, {1000});
  for (int i = 0; i < 1000; ++i) x.mutable_data<float>()[i] = static_cast<float>(i * 7919 % 101);
  const auto few = run_op({.op_type = "TopK", .inputs = {x, ints({20})}, .outputs = 2});
  const auto many = run_op({.op_type = "TopK", .inputs = {x, ints({900})}, .outputs = 2});
  for (int i = 0; i < 20; ++i) EXPECT_EQ(few[1].data<std::int64_t>()[i], many[1].data<std::int64_t>()[i]);
}

TEST(TopK, RefusesMoreThanThereAre) {
  EXPECT_EQ(error_of({.op_type = "TopK", .inputs = {counting({3}), ints({4})}, .outputs = 2}),
            "node 'test' (TopK): K is 4, outside [0, 3]");
}

}  // namespace
}  // namespace zeropoint
