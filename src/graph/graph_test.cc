#include "graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::ElementsAre;

std::string error_of(std::string_view text) {
  try {
    parse_graph(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::vector<std::string> op_types(const Graph& graph) {
  std::vector<std::string> types;
  for (const Node& node : graph.nodes) types.push_back(node.op_type);
  return types;
}

constexpr std::string_view kBranches = R"(
g (c, x) => (y) {
  h = Relu(x)
  y = If<then_branch = yes () => (a) { a = Identity(h) },
         else_branch = no () => (b) { b = If<then_branch = deep () => (d) { d = Neg(h) }>(c) }>(c)
})";

TEST(Graph, SortsNodesAndKeepsTheOrderOfOthers) {
  const Graph graph = parse_graph("g (x) => (d) { d = Third(b, c)\n a = First(x)\n c = Other(x)\n b = Second(a) }");
  EXPECT_THAT(op_types(graph), ElementsAre("First", "Other", "Second", "Third"));
}

TEST(Graph, ACaptureIsADependency) {
  const Graph graph = parse_graph("g (x) => (y) { y = If<then_branch = t () => (h) {}>(x)\n h = Relu(x) }");
  EXPECT_THAT(op_types(graph), ElementsAre("Relu", "If"));
}

TEST(Graph, RefusesCyclesAndMissingValues) {
  EXPECT_EQ(error_of("g (x) => (b) { a = Add(x, b)\n b = Relu(a) }"),
            "node 'a' (Add): is part of a cycle: it waits for its own output");
  EXPECT_EQ(error_of("g (x) => (y) { y = Add(x, w) }"),
            "node 'y' (Add): reads 'w', which no node makes and no graph input or initializer provides");
  EXPECT_EQ(error_of("g (x) => (y) { z = Relu(x) }"), "graph: output 'y' is made by no node");
  EXPECT_EQ(error_of("g (x) => (y) { y = Relu(x)\n y = Neg(x) }"),
            "node 'y' (Neg): makes 'y', which node 'y' (Relu) makes already");
  EXPECT_EQ(error_of("g (x) => (x) { x = Relu(x) }"),
            "node 'x' (Relu): makes 'x', which is a graph input or an initializer");
  EXPECT_EQ(error_of("g (x) => (y) { y = If<then_branch = t () => (a) { a = Relu(gone) }>(x) }"),
            "node 'y' (If): its subgraph 't' reads 'gone', which no graph around it defines");
}

TEST(Graph, UsesSeeSubgraphs) {
  const Graph graph = parse_graph(kBranches);
  const Uses uses(graph);
  const auto h = static_cast<std::size_t>(graph.find("h"));
  EXPECT_EQ(uses.producer[h], 0);
  ASSERT_EQ(uses.consumers[h].size(), 1U);
  EXPECT_EQ(uses.consumers[h][0].node, 1);
  EXPECT_EQ(uses.consumers[h][0].input, -1);
  EXPECT_EQ(uses.single_consumer(graph.find("h")), -1);
  EXPECT_EQ(uses.single_consumer(graph.find("x")), 0);
  EXPECT_EQ(uses.single_consumer(graph.find("y")), -1);
}

TEST(Graph, ReplacesUsesInsideSubgraphs) {
  Graph graph = parse_graph(kBranches);
  graph.replace_uses(graph.find("h"), graph.find("x"));
  EXPECT_THAT(captures(graph.nodes[1]), ElementsAre("x", "c"));
  check_captures(graph);
}

TEST(Graph, RenamesInsideSubgraphsAndMovesAHidingNameAway) {
  Graph graph = parse_graph(kBranches);
  graph.rename(graph.find("h"), "a");  // the then branch has an "a" of its own
  EXPECT_THAT(captures(graph.nodes[1]), ElementsAre("a", "c"));
  EXPECT_EQ(graph.nodes[1].get_graph("then_branch")->value(graph.nodes[1].get_graph("then_branch")->outputs[0]).name,
            "a_1");
  check_captures(graph);
}

TEST(Graph, DeepCopiesShareNoSubgraph) {
  const Graph graph = parse_graph(kBranches);
  Graph copy = deep_copy(graph);
  copy.replace_uses(copy.find("h"), copy.find("x"));
  EXPECT_THAT(captures(graph.nodes[1]), ElementsAre("h", "c"));
}

TEST(Graph, FreshNamesAreNew) {
  const Graph graph = parse_graph("g (x, x_1) => (x) {}");
  EXPECT_EQ(graph.fresh_name("x"), "x_2");
  EXPECT_EQ(graph.fresh_name("y"), "y");
}

TEST(Graph, ErasesNodesAndThenTheirValues) {
  Graph graph = parse_graph("g (x) => (y) <float32[] w = {1}, float32[] v = {2}> { a = Add(x, w)\n y = Mul(x, v) }");
  graph.erase_nodes({true, false});
  graph.erase_unused_values();
  EXPECT_EQ(print_graph(graph), "g (x) => (y)\n<float32[] v = {2}>\n{\n  y = Mul(x, v)\n}\n");
}

}  // namespace
}  // namespace zeropoint
