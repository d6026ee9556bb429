#include <gtest/gtest.h>

#include <cmath>

#include "base/parallel.h"
#include "support/run_op.h"

namespace zeropoint {
namespace {

using testing::error_of;
using testing::list;
using testing::OpCall;
using testing::run_op;

Tensor values(const Shape& shape, std::initializer_list<float> numbers) { return Tensor::of<float>(shape, numbers); }
std::vector<std::string> words(std::initializer_list<std::string> list) { return list; }

/// h' = x + h: one unit, weights 1, no squashing.
OpCall summing(std::string direction) {
  const std::int64_t directions = direction == "bidirectional" ? 2 : 1;
  const Tensor ones = directions == 2 ? values({2, 1, 1}, {1, 1}) : values({1, 1, 1}, {1});
  std::vector<std::string> activations(static_cast<std::size_t>(directions), "Affine");
  return {"RNN",
          {values({3, 1, 1}, {1, 2, 4}), ones, ones},
          {{"direction", std::move(direction)}, {"activations", std::move(activations)}},
          14,
          2};
}

TEST(RNN, SumsForwardsAndBackwards) {
  EXPECT_EQ(list<float>(run_op(summing("forward"))[0]), (std::vector<float>{1, 3, 7}));
  EXPECT_EQ(list<float>(run_op(summing("reverse"))[0]), (std::vector<float>{7, 6, 4}));
  const auto both = run_op(summing("bidirectional"));
  EXPECT_EQ(list<float>(both[0]), (std::vector<float>{1, 7, 3, 6, 7, 4}));
  EXPECT_EQ(list<float>(both[1]), (std::vector<float>{7, 7}));
}

TEST(RNN, ShortSequencesStopEarly) {
  OpCall call = summing("reverse");
  call.inputs.push_back({});
  call.inputs.push_back(Tensor::of<std::int32_t>({1}, {2}));
  const auto outputs = run_op(call);
  EXPECT_EQ(list<float>(outputs[0]), (std::vector<float>{3, 2, 0}));
  EXPECT_EQ(list<float>(outputs[1]), (std::vector<float>{3}));
  call.inputs.back() = Tensor::of<std::int32_t>({1}, {4});
  EXPECT_EQ(error_of(call), "node 'test' (RNN): sequence 0 has length 4, outside [0, 3]");
}

TEST(LSTM, OneStepByHand) {
  // All products are 0: i = o = f = 1/2, the candidate tanh(0) = 0; c' = c / 2, h' = tanh(c') / 2.
  const auto outputs = run_op({.op_type = "LSTM",
                               .inputs = {values({1, 1, 1}, {0}),
                                          Tensor::zeros(DType::f32, {1, 4, 1}),
                                          Tensor::zeros(DType::f32, {1, 4, 1}),
                                          {},
                                          {},
                                          values({1, 1, 1}, {0}),
                                          values({1, 1, 1}, {2})},
                               .opset = 14,
                               .outputs = 3});
  EXPECT_FLOAT_EQ(list<float>(outputs[1])[0], std::tanh(1.0F) / 2);
  EXPECT_EQ(list<float>(outputs[2]), (std::vector<float>{1}));
}

TEST(GRU, OneStepByHand) {
  // z = r = 1/2; candidate = tanh(0.5 * h * 2) = tanh(1) for h = 1; h' = candidate / 2 + h / 2.
  const auto outputs = run_op({.op_type = "GRU",
                               .inputs = {values({1, 1, 1}, {0}),
                                          Tensor::zeros(DType::f32, {1, 3, 1}),
                                          values({1, 3, 1}, {0, 0, 2}),
                                          {},
                                          {},
                                          values({1, 1, 1}, {1})},
                               .opset = 14,
                               .outputs = 2});
  EXPECT_FLOAT_EQ(list<float>(outputs[1])[0], (std::tanh(1.0F) + 1) / 2);
}

TEST(LSTM, SameBitsForAnyThreadCount) {
  const auto random = [](Shape shape, float scale) {
    Tensor t = Tensor::allocate(DType::f32, std::move(shape));
    for (std::int64_t i = 0; i < t.size(); ++i) {
      t.mutable_data<float>()[i] = scale * static_cast<float>((i * 7919 + 13) % 1009 - 504) / 504;
    }
    return t;
  };
  const OpCall call = {"LSTM",
                       {random({6, 3, 200}, 1), random({2, 1200, 200}, 0.1F), random({2, 1200, 300}, 0.1F)},
                       {{"direction", std::string("bidirectional")}},
                       14,
                       3};
  set_num_threads(1);
  const auto one = run_op(call);
  set_num_threads(2);
  const auto two = run_op(call);
  set_num_threads(0);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(list<float>(one[i]), list<float>(two[i]));
}

TEST(Recurrent, RefusesBadArguments) {
  OpCall call = summing("forward");
  call.inputs[1] = values({1, 2, 1}, {1, 1});
  EXPECT_EQ(error_of(call), "node 'test' (RNN): W has shape [1, 2, 1]; [1, 1, 1] is expected");
  call = summing("sideways");
  EXPECT_EQ(error_of(call), "node 'test' (RNN): direction 'sideways' is none of forward, reverse, bidirectional");
  call = summing("forward");
  call.attributes[1].second = words({"Cube"});
  EXPECT_EQ(error_of(call), "node 'test' (RNN): there is no activation 'Cube'");
  call.attributes[1].second = words({"Relu", "Relu"});
  EXPECT_EQ(error_of(call), "node 'test' (RNN): 2 activations are named; 1 are expected");
}

}  // namespace
}  // namespace zeropoint
