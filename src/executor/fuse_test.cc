#include "executor/fuse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "executor/program.h"
#include "graph/text.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

const std::map<std::string, std::int64_t> kOpsets{{"", 17}};

Tensor random_tensor(Shape shape, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(-1, 1);
  Tensor tensor = Tensor::allocate(DType::f32, std::move(shape));
  for (float& v : tensor.mutable_values<float>()) v = value(random);
  return tensor;
}

/// The graph with constants that are too long to write in its text.
Graph with_constants(std::string_view text, const std::map<std::string, Shape>& constants) {
  Graph graph = parse_graph(text);
  unsigned seed = 1;
  for (const auto& [name, shape] : constants) {
    graph.value(graph.find(name)).constant = random_tensor(shape, seed++);
    std::erase(graph.inputs, graph.find(name));
  }
  return graph;
}

/// Operator types of the steps, without conversions between layouts. Checks that joining changes no result.
std::vector<std::string> steps(const Graph& graph, const std::vector<Tensor>& inputs,
                               const std::vector<std::string>& taps = {}) {
  Program joined = Program::compile(graph, kOpsets, {.taps = taps, .profile = true});
  Program single = Program::compile(graph, kOpsets, {.taps = taps, .fuse = false});
  const std::vector<Tensor> results = joined.run(inputs);
  const std::vector<Tensor> expected = single.run(inputs);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].shape(), expected[i].shape());
    for (std::int64_t j = 0; j < results[i].size(); ++j) {
      EXPECT_NEAR(results[i].data<float>()[j], expected[i].data<float>()[j], 1e-5);
    }
  }
  std::vector<std::string> types;
  for (const StepTime& step : joined.step_times()) {
    if (step.op_type != "layout") types.push_back(step.op_type);
  }
  return types;
}

constexpr std::string_view kBlock = R"(main (float32[1, 4, 5, 5] x, float32[4, 4, 3, 3] w, float32[4] b) => (y)
{
  c = Conv<pads = [1, 1, 1, 1]>(x, w, b)
  s = Add(x, c)
  y = Relu(s)
}
)";
const std::map<std::string, Shape> kBlockConstants = {{"w", {4, 4, 3, 3}}, {"b", {4}}};
const Tensor kBlockInput = random_tensor({1, 4, 5, 5}, 9);

TEST(Fuse, JoinsConvolutionAdditionAndActivation) {
  EXPECT_THAT(steps(with_constants(kBlock, kBlockConstants), {kBlockInput}), ElementsAre("zeropoint.fused.Conv"));
}

TEST(Fuse, LeavesATappedValueAlone) {
  const Graph graph = with_constants(kBlock, kBlockConstants);
  EXPECT_THAT(steps(graph, {kBlockInput}, {"s"}), ElementsAre("zeropoint.fused.Conv", "Relu"));
  EXPECT_THAT(steps(graph, {kBlockInput}, {"c"}), ElementsAre("Conv", "Add", "Relu"));
}

TEST(Fuse, LeavesAValueWithTwoReadersAlone) {
  const Graph graph = with_constants(R"(main (float32[1, 2, 3, 3] x, float32[2, 2, 1, 1] w) => (y, z)
{
  c = Conv(x, w)
  y = Relu(c)
  z = Sigmoid(c)
}
)",
                                     {{"w", {2, 2, 1, 1}}});
  EXPECT_THAT(steps(graph, {random_tensor({1, 2, 3, 3}, 3)}), ElementsAre("Conv", "Relu", "Sigmoid"));
}

TEST(Fuse, LeavesAnAdditionThatBroadcastsAlone) {
  const Graph graph =
      with_constants(R"(main (float32[1, 2, 3, 3] x, float32[1, 2, 1, 1] a, float32[2, 2, 1, 1] w) => (y)
{
  c = Conv(x, w)
  y = Add(c, a)
}
)",
                     {{"w", {2, 2, 1, 1}}});
  EXPECT_THAT(steps(graph, {random_tensor({1, 2, 3, 3}, 3), random_tensor({1, 2, 1, 1}, 4)}),
              ElementsAre("Conv", "Add"));
}

TEST(Fuse, AddsTwoConvolutionsInTheLaterOne) {
  const Graph graph =
      with_constants(R"(main (float32[2, 3, 4, 4] x, float32[5, 3, 1, 1] w, float32[5, 3, 3, 3] v) => (y, z)
{
  a = Conv(x, w)
  b = Conv<auto_pad = "SAME_UPPER">(x, v)
  y = Add(a, b)
  z = Neg(a)
}
)",
                     {{"w", {5, 3, 1, 1}}, {"v", {5, 3, 3, 3}}});
  EXPECT_THAT(steps(graph, {random_tensor({2, 3, 4, 4}, 3)}), ElementsAre("Conv", "zeropoint.fused.Conv", "Neg"));
}

TEST(Fuse, OfTwoConvolutionsThatAreAddedOnlyOneTakesTheAddition) {
  const Graph graph =
      with_constants(R"(main (float32[2, 3, 4, 4] x, float32[5, 3, 1, 1] w, float32[5, 3, 3, 3] v) => (y)
{
  a = Conv(x, w)
  b = Conv<auto_pad = "SAME_UPPER">(x, v)
  s = Add(a, b)
  y = Relu(s)
}
)",
                     {{"w", {5, 3, 1, 1}}, {"v", {5, 3, 3, 3}}});
  EXPECT_THAT(steps(graph, {random_tensor({2, 3, 4, 4}, 3)}), ElementsAre("Conv", "zeropoint.fused.Conv"));
}

TEST(Fuse, JoinsEveryActivationOfAConvolution) {
  for (const std::string activation :
       {"Relu(c)", "LeakyRelu<alpha = 0.3>(c)", "Clip(c, low, high)", "Clip(c, \"\", high)"}) {
    const Graph graph = with_constants(
        "main (float32[1, 2, 3, 3] x, float32[2, 2, 1, 1] w) => (y)\n"
        "<float32[] low = {-0.2}, float32[] high = {0.3}>\n{\n c = Conv(x, w)\n y = " +
            activation + "\n}",
        {{"w", {2, 2, 1, 1}}});
    EXPECT_THAT(steps(graph, {random_tensor({1, 2, 3, 3}, 3)}), ElementsAre("zeropoint.fused.Conv")) << activation;
  }
}

TEST(Fuse, JoinsProductBiasAndActivation) {
  const Graph graph = with_constants(R"(main (float32[2, 3, 4] x, float32[4, 5] w, float32[5] b) => (y)
{
  p = MatMul(x, w)
  s = Add(b, p)
  y = Relu(s)
}
)",
                                     {{"w", {4, 5}}, {"b", {5}}});
  EXPECT_THAT(steps(graph, {random_tensor({2, 3, 4}, 3)}), ElementsAre("zeropoint.fused.MatMul"));
}

TEST(Fuse, JoinsGemmAndActivation) {
  const Graph graph = with_constants(R"(main (float32[3, 4] x, float32[5, 4] w, float32[5] b) => (y)
{
  p = Gemm<transB = 1, alpha = 0.5, beta = 2.0>(x, w, b)
  y = Relu(p)
}
)",
                                     {{"w", {5, 4}}, {"b", {5}}});
  EXPECT_THAT(steps(graph, {random_tensor({3, 4}, 3)}), ElementsAre("zeropoint.fused.Gemm"));
}

TEST(Fuse, FoldsBatchNormalizationUnlessItsInputIsTapped) {
  const Graph graph = with_constants(
      R"(main (float32[1, 2, 3, 3] x, float32[2, 2, 1, 1] w) => (y)
<float32[2] scale = {1, 2}, float32[2] bias = {0.5, -0.5}, float32[2] mean = {0.1, 0.2}, float32[2] var = {1, 4}>
{
  c = Conv(x, w)
  n = BatchNormalization(c, scale, bias, mean, var)
  y = Relu(n)
}
)",
      {{"w", {2, 2, 1, 1}}});
  const std::vector<Tensor> inputs = {random_tensor({1, 2, 3, 3}, 3)};
  EXPECT_THAT(steps(graph, inputs), ElementsAre("zeropoint.fused.Conv"));
  EXPECT_THAT(steps(graph, inputs, {"n"}), ElementsAre("Conv", "Relu"));
  EXPECT_THAT(steps(graph, inputs, {"c"}), ElementsAre("Conv", "BatchNormalization", "Relu"));
}

TEST(Fuse, DropsWhatNobodyReads) {
  const Graph graph = with_constants(R"(main (float32[2] x) => (y)
{
  a = Neg(x)
  b = Sin(a)
  y = Cos(x)
}
)",
                                     {});
  EXPECT_THAT(steps(graph, {random_tensor({2}, 3)}), ElementsAre("Cos"));
}

}  // namespace
}  // namespace zeropoint
