#include "plan/structure.h"

#include <gmock/gmock.h>

#include <map>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

/// The decision in the words of a test: each grid as its members, roots marked with '*'.
std::vector<std::string> grids(const Graph& graph, const Structure& structure) {
  std::vector<std::string> words;
  for (const Grid& grid : structure.grids) {
    std::string word;
    for (const ValueId v : grid.members) {
      const bool is_root = std::find(grid.roots.begin(), grid.roots.end(), v) != grid.roots.end();
      word += (word.empty() ? "" : " ") + graph.value(v).name + (is_root ? "*" : "");
    }
    words.push_back(word);
  }
  return words;
}

std::map<std::string, std::string> float_nodes(const Structure& structure) {
  std::map<std::string, std::string> reasons;
  for (const PlanNode& node : structure.nodes) {
    if (!node.is_quantized) reasons[node.name] = node.reason;
  }
  return reasons;
}

constexpr std::string_view kConvRelu = R"(main (float32[1, 1, 4, 4] x) => (float32[1, 2, 2, 2] y)
<float32[2, 1, 1, 1] w1 = {1, 2}, float32[2] b1 = {0, 1}, float32[2, 2, 1, 1] w2 = {1, 2, 3, 4}>
{
  ["conv1"] c1 = Conv(x, w1, b1)
  ["relu1"] r1 = Relu(c1)
  ["pool"] p1 = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r1)
  ["conv2"] y = Conv(p1, w2)
}
)";

TEST(Structure, ReluIsFoldedAndMaxPoolShares) {
  const Graph graph = parse_graph(kConvRelu);
  const Structure s = decide_structure(graph);
  EXPECT_THAT(float_nodes(s), IsEmpty());
  EXPECT_THAT(grids(graph, s), ElementsAre("x*", "r1* p1"))
      << "no grid between Conv and Relu, none for the graph output";
  EXPECT_THAT(tensors_to_observe(graph, s), ElementsAre("x", "r1"));
  ASSERT_EQ(s.weights.size(), 2U);
  EXPECT_EQ(s.weights[0].axis, 0);
  ASSERT_EQ(s.biases.size(), 1U);
  EXPECT_EQ(graph.value(s.biases[0].value).name, "b1");
}

TEST(Structure, OutputsAreRoundedWhenAsked) {
  const Graph graph = parse_graph(kConvRelu);
  EXPECT_THAT(grids(graph, decide_structure(graph, {.quantize_outputs = true})), ElementsAre("x*", "r1* p1", "y*"));
}

TEST(Structure, ExcludedNodesStayFloat) {
  const Graph graph = parse_graph(kConvRelu);
  const Structure s = decide_structure(graph, {.filter = {.exclude = {"conv2"}}});
  EXPECT_THAT(float_nodes(s), UnorderedElementsAre(Pair("conv2", "excluded by 'conv2'"),
                                                   Pair("pool", "no integer arithmetic reads its result")));
  EXPECT_THAT(grids(graph, s), ElementsAre("x*"));
}

TEST(Structure, IncludeTakesTypesAndNames) {
  const Graph graph = parse_graph(kConvRelu);
  const Structure s = decide_structure(graph, {.filter = {.include = {"Conv"}}});
  EXPECT_THAT(float_nodes(s), UnorderedElementsAre(Pair("pool", "no --include pattern names it")));
  EXPECT_THAT(grids(graph, s), ElementsAre("x*", "p1*"));
}

TEST(Structure, FirstAndLastLayer) {
  const Graph graph = parse_graph(kConvRelu);
  const Structure first = decide_structure(graph, {.filter = {.keep_first = true}});
  EXPECT_THAT(float_nodes(first), UnorderedElementsAre(Pair("conv1", "first layer, kept in float as asked"),
                                                       Pair("relu1", "its inputs are computed in float")));
  const Structure last = decide_structure(graph, {.filter = {.keep_last = true}});
  EXPECT_THAT(float_nodes(last), UnorderedElementsAre(Pair("conv2", "last layer, kept in float as asked"),
                                                      Pair("pool", "no integer arithmetic reads its result")));
}

TEST(Structure, ResidualAddJoinsIntegerNeighbours) {
  const Graph graph = parse_graph(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 2] y)
<float32[1, 1, 1, 1] w = {1}, float32[2, 1] fc = {1, 2}>
{
  ["conv1"] c1 = Conv(x, w)
  ["conv2"] c2 = Conv(c1, w)
  ["add"] a = Add(c1, c2)
  ["relu"] r = Relu(a)
  ["pool"] g = GlobalAveragePool(r)
  ["flat"] f = Flatten(g)
  ["fc"] y = Gemm<transB = 1>(f, fc)
}
)");
  const Structure s = decide_structure(graph);
  EXPECT_THAT(float_nodes(s), IsEmpty());
  EXPECT_THAT(grids(graph, s), ElementsAre("x*", "c1*", "c2*", "r*", "g* f"));
  ASSERT_EQ(s.weights.size(), 2U) << "a shared weight has one row";
  EXPECT_THAT(s.weights[0].users, ElementsAre(0, 1));
  EXPECT_EQ(s.weights[1].axis, 0) << "transB: output channels first";
}

TEST(Structure, TransformersKeepNormsSoftmaxAndResidualsInFloat) {
  const Graph graph = parse_graph(R"(main (float32[N, 2] x) => (float32[N, 2] y)
<float32[2, 2] wq = {1, 2, 3, 4}, float32[2] g = {1, 1}>
{
  ["norm"] h = LayerNormalization(x, g)
  ["q"] q = MatMul(h, wq)
  ["q_bias"] qb = Add(q, g)
  ["transpose"] t = Transpose(h)
  ["scores"] s = MatMul(qb, t)
  ["softmax"] p = Softmax(s)
  ["mix"] m = MatMul(p, h)
  ["residual"] y = Add(x, m)
}
)");
  const Structure s = decide_structure(graph);
  EXPECT_THAT(
      float_nodes(s),
      UnorderedElementsAre(
          Pair("norm", "normalization needs float statistics"),
          Pair("softmax", "exponentials and their sums need float"),
          Pair("residual", "its result is a graph output, which stays float unless --quantize-outputs is given")));
  EXPECT_THAT(grids(graph, s), ElementsAre("h* t", "qb*", "p*")) << "the constant bias is part of q's tail";
  EXPECT_EQ(s.grids[2].fixed, FixedRange::unit);
  EXPECT_THAT(tensors_to_observe(graph, s), ElementsAre("h", "qb"));
}

TEST(Structure, GeluStaysFloatBetweenProducts) {
  const Graph graph = parse_graph(R"(main (float32[N, 1] x) => (float32[N, 1] y)
<float32[1, 1] w = {1}, float32[] half = {0.5}, float32[] one = {1}>
{
  ["up"] u = MatMul(x, w)
  ["square"] s = Mul(u, u)
  ["tanh"] t = Tanh(s)
  ["shift"] p = Add(t, one)
  ["gate"] v = Mul(u, p)
  ["scale"] z = Mul(v, half)
  ["down"] y = MatMul(z, w)
}
)");
  const Structure s = decide_structure(graph);
  EXPECT_THAT(float_nodes(s), UnorderedElementsAre(
                                  Pair("square", "squares and doubles are computed in float"),
                                  Pair("tanh", "no integer arithmetic reads its result"),
                                  Pair("shift", "one operand is constant: the result is quantized, not the operands"),
                                  Pair("gate", "no integer arithmetic reads its result"),
                                  Pair("scale", "one operand is constant: the result is quantized, not the operands")));
  EXPECT_THAT(grids(graph, s), ElementsAre("x*", "z*"));
}

TEST(Structure, ConcatSharesOneGrid) {
  const Graph graph = parse_graph(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 2, 2] y)
<float32[1, 1, 1, 1] w = {1}, float32[1, 2, 1, 1] w2 = {1, 2}>
{
  ["left"] a = Conv(x, w)
  ["right"] b = Conv(x, w)
  ["join"] c = Concat<axis = 1>(a, b)
  ["last"] y = Conv(c, w2)
}
)");
  const Structure s = decide_structure(graph);
  EXPECT_THAT(grids(graph, s), ElementsAre("x*", "a* b* c"));
}

TEST(Structure, SwishKeepsItsSigmoidOnTheFixedGrid) {
  const Graph graph = parse_graph(R"(main (float32[1, 1, 2, 2] x) => (float32[1, 1, 2, 2] y)
<float32[1, 1, 1, 1] w = {1}>
{
  ["conv1"] c = Conv(x, w)
  ["sigmoid"] s = Sigmoid(c)
  ["gate"] g = Mul(c, s)
  ["conv2"] y = Conv(g, w)
}
)");
  const Structure s = decide_structure(graph);
  EXPECT_THAT(float_nodes(s), IsEmpty());
  EXPECT_THAT(grids(graph, s), ElementsAre("x*", "c*", "s*", "g*"));
  EXPECT_EQ(s.grids[2].fixed, FixedRange::unit);
}

TEST(Structure, WeightWithTwoChannelAxesHasOneGrid) {
  const Graph graph = parse_graph(R"(main (float32[N, 2] x) => (float32[N, 2] y)
<float32[2, 2] w = {1, 2, 3, 4}>
{
  h = MatMul(x, w)
  y = Gemm<transB = 1>(h, w)
}
)");
  const Structure s = decide_structure(graph);
  ASSERT_EQ(s.weights.size(), 1U);
  EXPECT_EQ(s.weights[0].axis, -1);
}

TEST(Structure, NamesWhatCannotBeQuantized) {
  const Graph graph = parse_graph(R"(main (float32[1, 1, 2, 2] x, float32[1, 1, 1, 1] w) => (y, float16[1, 2] z)
<float16[1, 2] h = {1, 2}, float16[2, 2] wh = {1, 2, 3, 4}, float16[1, 2] i>
{
  ["dynamic"] y = Conv(x, w)
  ["strange"] s = com.example.Blur(x)
  ["half"] i = Identity(h)
  ["narrow"] z = MatMul(i, wh)
}
)");
  EXPECT_THAT(float_nodes(decide_structure(graph)),
              UnorderedElementsAre(Pair("dynamic", "its weights are computed at run time"),
                                   Pair("strange", "this operator has no integer arithmetic here"),
                                   Pair("half", "it reads constants only"), Pair("narrow", "it computes in float16")));
}

std::string refusal(const NodeFilter& filter) {
  const Graph graph = parse_graph(kConvRelu);
  try {
    decide_structure(graph, {.filter = filter});
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::invalid_option);
    return e.what();
  }
  return "accepted";
}

TEST(Structure, PatternsThatMatchNothingAreErrors) {
  EXPECT_EQ(refusal({.exclude = {"conv3"}}),
            "--exclude: 'conv3' matches no node name and no operator type; did you mean 'conv1'?");
  EXPECT_EQ(refusal({.include = {"Conv", "*/attention/*"}}),
            "--include: '*/attention/*' matches no node name and no operator type; 'zeropoint inspect MODEL --graph' "
            "lists the nodes");
  EXPECT_EQ(refusal({.include = {"[cC]onv*"}, .exclude = {"*2"}}), "accepted");
}

}  // namespace
}  // namespace zeropoint
