// Operators that pick, join, repeat and reorder elements.
#include <gtest/gtest.h>

#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::counting;
using testing::error_of;
using testing::ints;
using testing::list;
using testing::OpCall;
using testing::run_op;

std::vector<float> floats(const OpCall& call) { return list<float>(run_op(call)[0]); }
std::vector<std::int64_t> axes(std::initializer_list<std::int64_t> values) { return values; }

TEST(Transpose, ReversesOrPermutes) {
  EXPECT_EQ(floats({"Transpose", {counting({2, 3})}}), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  const auto nhwc = run_op({"Transpose", {counting({1, 2, 1, 3})}, {{"perm", axes({0, 2, 3, 1})}}})[0];
  EXPECT_EQ(nhwc.shape(), (Shape{1, 1, 3, 2}));
  EXPECT_EQ(list<float>(nhwc), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(error_of({"Transpose", {counting({2, 3})}, {{"perm", axes({0, 0})}}}),
            "node 'test' (Transpose): axis 0 is named twice");
  EXPECT_EQ(error_of({"Transpose", {counting({2, 3})}, {{"perm", axes({0})}}}),
            "node 'test' (Transpose): perm [0] does not name the 2 axes of [2, 3]");
}

TEST(Concat, JoinsAlongTheAxis) {
  EXPECT_EQ(floats({"Concat", {counting({2, 1}), counting({2, 2})}, {{"axis", std::int64_t{1}}}}),
            (std::vector<float>{0, 0, 1, 1, 2, 3}));
  EXPECT_EQ(floats({"Concat", {counting({1, 2}), counting({0, 2})}, {{"axis", std::int64_t{-2}}}}),
            (std::vector<float>{0, 1}));
  EXPECT_EQ(error_of({"Concat", {counting({2, 1}), counting({3, 1})}, {{"axis", std::int64_t{1}}}}),
            "node 'test' (Concat): input 1 has shape [3, 1], which does not join [2, 1] along axis 1");
  EXPECT_EQ(error_of({"Concat", {counting({2}), ints({1})}, {{"axis", std::int64_t{0}}}}),
            "node 'test' (Concat): input 0 is float32, input 1 is int64");
}

TEST(Split, EqualNamedAndUnevenParts) {
  const auto equal = run_op({.op_type = "Split", .inputs = {counting({4})}, .outputs = 2});
  EXPECT_EQ(list<float>(equal[1]), (std::vector<float>{2, 3}));
  const auto named = run_op({"Split", {counting({2, 3}), ints({1, 2})}, {{"axis", std::int64_t{1}}}, 13, 2});
  EXPECT_EQ(list<float>(named[0]), (std::vector<float>{0, 3}));
  EXPECT_EQ(list<float>(named[1]), (std::vector<float>{1, 2, 4, 5}));
  const auto uneven = run_op({"Split", {counting({5})}, {{"num_outputs", std::int64_t{2}}}, 18, 2});
  EXPECT_EQ(uneven[1].shape(), (Shape{2}));
  EXPECT_EQ(error_of({"Split", {counting({5}), ints({1, 3})}, {}, 13, 2}),
            "node 'test' (Split): the lengths of split [1, 3] add up to 4, not 5");
  EXPECT_EQ(error_of({"Split", {counting({5})}, {}, 13, 2}),
            "node 'test' (Split): 5 elements do not split into 2 equal parts");
}

TEST(Slice, ClampsLikePython) {
  const Tensor x = counting({2, 4});
  EXPECT_EQ(floats({"Slice", {x, ints({1}), ints({3}), ints({1})}}), (std::vector<float>{1, 2, 5, 6}));
  EXPECT_EQ(floats({"Slice", {x, ints({-1}), ints({INT64_MAX})}}), (std::vector<float>{4, 5, 6, 7}));
  EXPECT_EQ(floats({"Slice", {x, ints({-1}), ints({INT64_MIN}), ints({-1}), ints({-2})}}),
            (std::vector<float>{3, 1, 7, 5}));
  EXPECT_EQ(floats({"Slice", {x, ints({9}), ints({INT64_MIN}), ints({0}), ints({INT64_MIN})}}),
            (std::vector<float>{4, 5, 6, 7}));
  EXPECT_EQ(run_op({"Slice", {x, ints({3}), ints({1}), ints({1})}})[0].shape(), (Shape{2, 0}));
  EXPECT_EQ(floats({"Slice", {x}, {{"starts", axes({1})}, {"ends", axes({2})}}, 9}), (std::vector<float>{4, 5, 6, 7}));
  EXPECT_EQ(error_of({"Slice", {x, ints({0}), ints({1}), ints({2})}}),
            "node 'test' (Slice): axis 2 is outside [-2, 1]");
  EXPECT_EQ(error_of({"Slice", {x, ints({0}), ints({1}), ints({0}), ints({0})}}),
            "node 'test' (Slice): the step along axis 0 is 0");
}

TEST(Expand, BroadcastsBothWays) {
  EXPECT_EQ(floats({"Expand", {counting({2, 1}), ints({3})}}), (std::vector<float>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(run_op({"Expand", {counting({3, 1}), ints({2, 1, 6})}})[0].shape(), (Shape{2, 3, 6}));
  EXPECT_EQ(error_of({"Expand", {counting({2}), ints({3})}}), "node 'test' (Expand): [2] and [3] do not broadcast");
}

TEST(Expand, RefusesWhatNoMemoryHolds) {
  EXPECT_EQ(error_of({"Expand", {counting({1}), ints({1LL << 45})}}),
            "node 'test' (Expand): the output [35184372088832] of float32 does not fit in this machine's memory");
  EXPECT_EQ(error_of({"Expand", {counting({1}), ints({-3})}}),
            "node 'test' (Expand): the output would have the negative dimension -3");
}

TEST(Tile, RepeatsEachAxis) {
  EXPECT_EQ(floats({"Tile", {counting({1, 2}), ints({2, 2})}}), (std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1}));
  EXPECT_EQ(run_op({"Tile", {counting({2}), ints({0})}})[0].shape(), (Shape{0}));
  EXPECT_EQ(error_of({"Tile", {counting({2}), ints({-1})}}),
            "node 'test' (Tile): axis 0 of [2] cannot be repeated -1 times");
}

TEST(Gather, PicksSlicesAndCountsFromTheEnd) {
  EXPECT_EQ(floats({"Gather", {counting({3, 2}), ints({2, -3})}}), (std::vector<float>{4, 5, 0, 1}));
  EXPECT_EQ(
      floats({"Gather", {counting({2, 3}), Tensor::of<std::int32_t>({1, 2}, {0, 2})}, {{"axis", std::int64_t{1}}}}),
      (std::vector<float>{0, 2, 3, 5}));
  EXPECT_EQ(error_of({"Gather", {counting({3, 2}), ints({0, 3})}}),
            "node 'test' (Gather): index 3 at position 1 is outside [-3, 2]");
  EXPECT_EQ(error_of({"Gather", {counting({3}), counting({1})}}),
            "node 'test' (Gather): input 1 (indices) is float32; int32 or int64 is expected");
}

TEST(Pad, ConstantValueAndNegativePads) {
  EXPECT_EQ(floats({"Pad", {counting({1, 2}), ints({0, 1, 1, 0}), Tensor::scalar(9.0F)}}),
            (std::vector<float>{9, 0, 1, 9, 9, 9}));
  EXPECT_EQ(floats({"Pad", {counting({4}), ints({-1, 1})}}), (std::vector<float>{1, 2, 3, 0}));
  EXPECT_EQ(floats({"Pad", {counting({2}), ints({-3, 3})}}), (std::vector<float>{0, 0}));
  EXPECT_EQ(floats({"Pad", {counting({1, 2}), ints({1, 0}), {}, ints({-1})}}), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(floats({"Pad", {counting({1})}, {{"pads", axes({0, 1})}, {"value", 7.0F}}, 2}), (std::vector<float>{0, 7}));
}

TEST(Pad, EdgeReflectAndWrapForAnyWidth) {
  const Tensor x = counting({3});
  EXPECT_EQ(floats({"Pad", {x, ints({2, 1})}, {{"mode", std::string("edge")}}}),
            (std::vector<float>{0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(floats({"Pad", {x, ints({3, 1})}, {{"mode", std::string("reflect")}}}),
            (std::vector<float>{1, 2, 1, 0, 1, 2, 1}));
  EXPECT_EQ(floats({"Pad", {x, ints({1, 4})}, {{"mode", std::string("wrap")}}}),
            (std::vector<float>{2, 0, 1, 2, 0, 1, 2, 0}));
}

TEST(Pad, RefusesBadArguments) {
  EXPECT_EQ(error_of({"Pad", {counting({3}), ints({1})}}), "node 'test' (Pad): 1 pads for 1 axes");
  EXPECT_EQ(error_of({"Pad", {counting({3}), ints({-2, -2})}}),
            "node 'test' (Pad): axis 0 of [3] cannot be padded by -2 and -2");
  EXPECT_EQ(error_of({"Pad", {counting({3}), ints({1, 1})}, {{"mode", std::string("mirror")}}}),
            "node 'test' (Pad): mode 'mirror' is none of constant, edge, reflect, wrap");
  EXPECT_EQ(error_of({"Pad", {counting({3}), ints({1, 1}), ints({0})}}),
            "node 'test' (Pad): the padding value is int64 of shape [1]; one float32 is expected");
}

}  // namespace
}  // namespace zeropoint
