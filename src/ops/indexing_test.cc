// Operators that read or write where an index tensor says.
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
Tensor indices(const Shape& shape, std::initializer_list<std::int64_t> values) {
  return Tensor::of<std::int64_t>(shape, values);
}
Tensor values(const Shape& shape, std::initializer_list<float> numbers) { return Tensor::of<float>(shape, numbers); }

TEST(GatherElements, EachIndexPicksInItsOwnLine) {
  EXPECT_EQ(floats({"GatherElements", {counting({2, 3}), indices({2, 2}, {2, 0, -1, 1})}, {{"axis", std::int64_t{1}}}}),
            (std::vector<float>{2, 0, 5, 4}));
  EXPECT_EQ(floats({"GatherElements", {counting({2, 3}), indices({1, 3}, {1, 0, 1})}}), (std::vector<float>{3, 1, 5}));
  EXPECT_EQ(error_of({"GatherElements", {counting({2, 3}), indices({1, 2}, {0, 2})}}),
            "node 'test' (GatherElements): index 2 at position 1 is outside [-2, 1]");
  EXPECT_EQ(error_of({"GatherElements", {counting({2, 3}), indices({1, 4}, {0, 0, 0, 0})}}),
            "node 'test' (GatherElements): indices [1, 4] reach outside data [2, 3] along axis 1");
}

TEST(GatherND, TuplesNameSlices) {
  EXPECT_EQ(floats({"GatherND", {counting({2, 3}), indices({2, 2}, {0, 1, -1, 2})}}), (std::vector<float>{1, 5}));
  EXPECT_EQ(floats({"GatherND", {counting({2, 3}), indices({1, 1}, {1})}}), (std::vector<float>{3, 4, 5}));
  EXPECT_EQ(floats({"GatherND", {counting({2, 2, 2}), indices({2, 1}, {1, 0})}, {{"batch_dims", std::int64_t{1}}}}),
            (std::vector<float>{2, 3, 4, 5}));
  EXPECT_EQ(error_of({"GatherND", {counting({2, 3}), indices({1, 2}, {0, 3})}}),
            "node 'test' (GatherND): index 3 at position 1 is outside [-3, 2]");
  EXPECT_EQ(error_of({"GatherND", {counting({2}), indices({1, 2}, {0, 0})}}),
            "node 'test' (GatherND): index tuples of 2 reach beyond the axes of data [2]");
}

TEST(ScatterElements, ReplacesOrReduces) {
  const Tensor data = values({4}, {1, 2, 3, 4});
  const Tensor at = indices({2}, {1, 1});
  const Tensor updates = values({2}, {10, 20});
  EXPECT_EQ(floats({"ScatterElements", {data, at, updates}}), (std::vector<float>{1, 20, 3, 4}));
  const auto reduced = [&](const char* how) {
    return floats({"ScatterElements", {data, at, updates}, {{"reduction", std::string(how)}}});
  };
  EXPECT_EQ(reduced("add"), (std::vector<float>{1, 32, 3, 4}));
  EXPECT_EQ(reduced("mul"), (std::vector<float>{1, 400, 3, 4}));
  EXPECT_EQ(reduced("max"), (std::vector<float>{1, 20, 3, 4}));
  EXPECT_EQ(reduced("min"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(error_of({"ScatterElements", {data, at, updates}, {{"reduction", std::string("mean")}}}),
            "node 'test' (ScatterElements): reduction 'mean' is none of none, add, mul, max, min");
  EXPECT_EQ(error_of({"ScatterElements", {data, indices({2}, {0, 4}), updates}}),
            "node 'test' (ScatterElements): index 4 at position 1 is outside [-4, 3]");
}

TEST(ScatterND, WritesSlices) {
  EXPECT_EQ(floats({"ScatterND", {counting({3, 2}), indices({2, 1}, {2, 0}), values({2, 2}, {7, 8, 9, 10})}}),
            (std::vector<float>{9, 10, 2, 3, 7, 8}));
  EXPECT_EQ(floats({"ScatterND",
                    {counting({3}), indices({2, 1}, {1, 1}), values({2}, {5, 6})},
                    {{"reduction", std::string("add")}}}),
            (std::vector<float>{0, 12, 2}));
  EXPECT_EQ(error_of({"ScatterND", {counting({3}), indices({1, 1}, {0}), values({2}, {5, 6})}}),
            "node 'test' (ScatterND): updates have shape [2]; [1] is expected");
}

TEST(TensorScatter, WritesSequencesIntoACache) {
  const Tensor cache = counting({1, 4, 1});
  const Tensor update = values({1, 2, 1}, {7, 8});
  EXPECT_EQ(floats({"TensorScatter", {cache, update, ints({1})}, {}, 24}), (std::vector<float>{0, 7, 8, 3}));
  EXPECT_EQ(floats({"TensorScatter", {cache, update, ints({3})}, {{"mode", std::string("circular")}}, 24}),
            (std::vector<float>{8, 1, 2, 7}));
  EXPECT_EQ(error_of({"TensorScatter", {cache, update, ints({3})}, {}, 24}),
            "node 'test' (TensorScatter): write index 3 of batch 0 leaves the cache of 4 steps");
}

TEST(Compress, KeepsWhatTheConditionNames) {
  const Tensor condition = Tensor::of<bool>({2}, {false, true});
  EXPECT_EQ(floats({"Compress", {counting({2, 2}), condition}, {{"axis", std::int64_t{0}}}}),
            (std::vector<float>{2, 3}));
  EXPECT_EQ(floats({"Compress", {counting({2, 2}), condition}}), (std::vector<float>{1}));
}

TEST(OneHot, PutsTheAxisWhereItIsAsked) {
  const Tensor off_on = values({2}, {-1, 1});
  EXPECT_EQ(floats({"OneHot", {ints({1, -1, 3}), ints({3}), off_on}}),
            (std::vector<float>{-1, 1, -1, -1, -1, 1, -1, -1, -1}));
  EXPECT_EQ(floats({"OneHot", {ints({1, 0}), ints({2}), off_on}, {{"axis", std::int64_t{0}}}}),
            (std::vector<float>{-1, 1, 1, -1}));
  EXPECT_EQ(error_of({"OneHot", {ints({1}), ints({-2}), off_on}}), "node 'test' (OneHot): depth is -2");
}

TEST(ReverseSequence, ReversesTheBeginningOfEach) {
  EXPECT_EQ(floats({"ReverseSequence",
                    {counting({2, 3}), ints({2, 3})},
                    {{"time_axis", std::int64_t{1}}, {"batch_axis", std::int64_t{0}}}}),
            (std::vector<float>{1, 0, 2, 5, 4, 3}));
  EXPECT_EQ(error_of({"ReverseSequence", {counting({2, 1}), ints({3})}}),
            "node 'test' (ReverseSequence): sequence 0 has length 3, outside [0, 2]");
}

}  // namespace
}  // namespace zeropoint
