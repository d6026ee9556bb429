#include <gtest/gtest.h>

#include <cmath>

#include "base/parallel.h"
#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::counting;
using testing::error_of;
using testing::ints;
using testing::list;
using testing::OpCall;
using testing::run_op;

Tensor values(const Shape& shape, std::initializer_list<float> numbers) { return Tensor::of<float>(shape, numbers); }

/// Two queries and three keys of one head; all scores are 0, so that a query sees the mean of its keys' values.
OpCall equal_scores() {
  return {"Attention",
          {values({1, 1, 2, 1}, {0, 0}), values({1, 1, 3, 1}, {1, 1, 1}), values({1, 1, 3, 1}, {3, 6, 9})},
          {},
          25};
}

TEST(Attention, AveragesTheValuesOfEqualKeys) {
  EXPECT_EQ(list<float>(run_op(equal_scores())[0]), (std::vector<float>{6, 6}));
}

TEST(Attention, CausalQueriesSeeNoLaterKeys) {
  OpCall call = equal_scores();
  call.attributes = {{"is_causal", std::int64_t{1}}};
  EXPECT_EQ(list<float>(run_op(call)[0]), (std::vector<float>{3, 4.5}));
}

TEST(Attention, WindowsAndPaddingLimitTheKeys) {
  OpCall call = equal_scores();
  call.attributes = {{"left_window_size", std::int64_t{0}}, {"right_window_size", std::int64_t{1}}};
  EXPECT_EQ(list<float>(run_op(call)[0]), (std::vector<float>{4.5, 7.5}));
  call.attributes.clear();
  call.inputs.resize(6);
  call.inputs.push_back(ints({1}));
  EXPECT_EQ(list<float>(run_op(call)[0]), (std::vector<float>{3, 3}));
}

TEST(Attention, AQueryThatSeesNothingGivesZero) {
  OpCall call = equal_scores();
  call.inputs.push_back(Tensor::of<bool>({2, 3}, {false, false, false, true, false, true}));
  EXPECT_EQ(list<float>(run_op(call)[0]), (std::vector<float>{0, 6}));
}

TEST(Attention, PastKeysComeFirst) {
  OpCall call = equal_scores();
  call.inputs.resize(4);
  call.inputs.push_back(values({1, 1, 1, 1}, {1}));
  call.inputs.push_back(values({1, 1, 1, 1}, {42}));
  call.outputs = 3;
  const auto outputs = run_op(call);
  EXPECT_EQ(list<float>(outputs[0]), (std::vector<float>{15, 15}));
  EXPECT_EQ(list<float>(outputs[2]), (std::vector<float>{42, 3, 6, 9}));
}

TEST(Attention, RefusesHeadsThatDoNotDivide) {
  OpCall call = {"Attention", {counting({1, 2, 6}), counting({1, 2, 6}), counting({1, 2, 6})}, {}, 23};
  call.attributes = {{"q_num_heads", std::int64_t{4}}, {"kv_num_heads", std::int64_t{2}}};
  EXPECT_EQ(error_of(call),
            "node 'test' (Attention): q_num_heads is 4, which does not divide input 0 of shape [1, 2, 6]");
}

TEST(Attention, SameBitsForAnyThreadCount) {
  Tensor x = counting({2, 4, 150, 16});
  for (std::int64_t i = 0; i < x.size(); ++i) x.mutable_data<float>()[i] = std::sin(static_cast<float>(i));
  const OpCall call = {"Attention", {x, x, x}, {}, 23};
  set_num_threads(1);
  const auto one = list<float>(run_op(call)[0]);
  set_num_threads(2);
  EXPECT_EQ(list<float>(run_op(call)[0]), one);
  set_num_threads(0);
}

TEST(RotaryEmbedding, TurnsPairsByTheAngleOfThePosition) {
  const Tensor x = values({1, 1, 1, 4}, {1, 2, 3, 4});
  const Tensor cosines = values({2, 2}, {1, 1, 0, 1});
  const Tensor sines = values({2, 2}, {0, 0, 1, 0});  // position 1 turns its first pair by 90 degrees
  const Tensor position = Tensor::of<std::int64_t>({1, 1}, {1});
  EXPECT_EQ(list<float>(run_op({"RotaryEmbedding", {x, cosines, sines, position}, {}, 23})[0]),
            (std::vector<float>{-3, 2, 1, 4}));
  EXPECT_EQ(list<float>(
                run_op({"RotaryEmbedding", {x, cosines, sines, position}, {{"interleaved", std::int64_t{1}}}, 23})[0]),
            (std::vector<float>{-2, 1, 3, 4}));
  EXPECT_EQ(error_of({"RotaryEmbedding", {x, cosines, sines, Tensor::of<std::int64_t>({1, 1}, {2})}, {}, 23}),
            "node 'test' (RotaryEmbedding): index 2 at position 0 is outside [-2, 1]");
}

TEST(LinearAttention, WritesValuesUnderKeysAndReadsThemByQueries) {
  // One head with keys and queries of two elements: the second token asks for what both tokens wrote.
  const Tensor q = values({1, 2, 2}, {1, 0, 1, 1});
  const Tensor k = values({1, 2, 2}, {1, 0, 0, 1});
  const Tensor v = values({1, 2, 1}, {3, 5});
  OpCall call = {"LinearAttention", {q, k, v}, {}, 27, 2};
  call.attributes = {{"q_num_heads", std::int64_t{1}},
                     {"kv_num_heads", std::int64_t{1}},
                     {"scale", 1.0F},
                     {"update_rule", std::string("linear")}};
  const auto outputs = run_op(call);
  EXPECT_EQ(list<float>(outputs[0]), (std::vector<float>{3, 8}));
  EXPECT_EQ(list<float>(outputs[1]), (std::vector<float>{3, 5}));
  call.attributes[1].second = std::int64_t{2};
  EXPECT_EQ(error_of(call), "node 'test' (LinearAttention): q_num_heads 1 is not a multiple of kv_num_heads 2");
}

TEST(CausalConvWithState, ContinuesWhereTheStateEnds) {
  const Tensor weight = values({1, 1, 2}, {1, 10});
  const auto whole = run_op({"CausalConvWithState", {values({1, 1, 3}, {1, 2, 3}), weight}, {}, 27, 2});
  EXPECT_EQ(list<float>(whole[0]), (std::vector<float>{10, 21, 32}));
  EXPECT_EQ(list<float>(whole[1]), (std::vector<float>{3}));
  const auto next = run_op({"CausalConvWithState", {values({1, 1, 1}, {4}), weight, {}, whole[1]}, {}, 27, 2});
  EXPECT_EQ(list<float>(next[0]), (std::vector<float>{43}));
}

}  // namespace
}  // namespace zeropoint
