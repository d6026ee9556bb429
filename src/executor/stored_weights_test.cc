#include "executor/stored_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "executor/program.h"
#include "graph/text.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kHalfWeight = R"(main (float32[N, 2] x) => (float32[N, 3] y)
<bfloat16[3, 2] w = {1, 2, 3, 4, 5, 6}>
{
  wide = Cast<to = 1>(w)
  turned = Transpose<perm = [1, 0]>(wide)
  y = MatMul(x, turned)
}
)";

std::vector<std::string> operators(const Graph& graph) {
  std::vector<std::string> types;
  for (const Node& node : graph.nodes) types.push_back(node.op_type);
  return types;
}

std::vector<float> product(std::string_view text, const CompileOptions& options) {
  Program program = Program::compile(parse_graph(text), {{"", 23}}, options);
  const Tensor x = Tensor::of<float>({1, 2}, {10, 1});
  const Tensor y = program.run({&x, 1})[0];
  return {y.values<float>().begin(), y.values<float>().end()};
}

TEST(StoredWeights, AProductReadsItsWeightThroughCastAndTranspose) {
  Graph graph = parse_graph(kHalfWeight);
  read_weights_as_stored(graph, {});
  EXPECT_THAT(operators(graph), ElementsAre("MatMul"));
  EXPECT_EQ(graph.value(graph.nodes[0].inputs[1]).name, "w");
  EXPECT_THAT(product(kHalfWeight, {}), ElementsAre(12, 34, 56));
  EXPECT_THAT(product(kHalfWeight, {.fuse = false}), ElementsAre(12, 34, 56));
}

TEST(StoredWeights, AWeightStoredInOutNeedsItsCastOnly) {
  constexpr std::string_view kText = R"(main (float32[N, 2] x) => (float32[N, 3] y)
<float16[2, 3] w = {1, 2, 3, 4, 5, 6}, float32[3] bias = {0.5, 0, -100}>
{
  wide = Cast<to = 1>(w)
  product = MatMul(x, wide)
  sum = Add(product, bias)
  y = Relu(sum)
}
)";
  EXPECT_THAT(product(kText, {}), ElementsAre(14.5F, 25, 0));
}

TEST(StoredWeights, WhatOthersReadStays) {
  constexpr std::string_view kText = R"(main (float32[N, 2] x) => (float32[N, 3] y, float32[2, 3] turned)
<float32[3, 2] w = {1, 2, 3, 4, 5, 6}>
{
  turned = Transpose(w)
  y = MatMul(x, turned)
}
)";
  Graph graph = parse_graph(kText);
  read_weights_as_stored(graph, {});
  EXPECT_THAT(operators(graph), ElementsAre("Transpose", "MatMul"));
  EXPECT_THAT(product(kText, {}), ElementsAre(12, 34, 56));
}

TEST(StoredWeights, ATapSeesTheTransposedWeight) {
  Program program = Program::compile(parse_graph(kHalfWeight), {{"", 23}}, {.taps = {"turned"}});
  const Tensor x = Tensor::of<float>({1, 2}, {10, 1});
  Shape seen;
  program.run({&x, 1}, [&](std::size_t, const Tensor& value) { seen = value.shape(); });
  EXPECT_EQ(seen, (Shape{2, 3}));
}

TEST(StoredWeights, StacksAndComputedFactorsStayAsTheyAre) {
  Graph graph = parse_graph(R"(main (float32[2, 4, 3] x, float32[5, 3] v) => (float32[2, 4, 1] y, float32[2, 4, 5] z)
<float32[2, 1, 3] w = {1, 2, 3, 4, 5, 6}>
{
  stack = Transpose<perm = [0, 2, 1]>(w)
  y = MatMul(x, stack)
  turned = Transpose(v)
  z = MatMul(x, turned)
}
)");
  read_weights_as_stored(graph, {});
  for (const Node& node : graph.nodes) EXPECT_EQ(node.domain, "");
  EXPECT_EQ(graph.nodes.size(), 4U);
}

}  // namespace
}  // namespace zeropoint
