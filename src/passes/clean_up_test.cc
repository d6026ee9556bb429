#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/passes.h"
#include "support/model_text.h"

namespace zeropoint {
namespace {

using testing::lines;
using testing::model_of;

TEST(RemoveDeadCode, DropsWhatNobodyReads) {
  Model model = model_of(R"(g (float32[2] x) => (y)
<float32[2] used = {1, 2}, float32[2] unused = {3, 4}>
{
  y = Add(x, used)
  a = Relu(x)
  b = Mul(a, unused)
})");
  const PassReport report = remove_dead_code(model);
  EXPECT_EQ(report.done.size(), 2U);
  EXPECT_EQ(print_graph(model.graph), R"(g (float32[2] x) => (y)
<float32[2] used = {1, 2}>
{
  y = Add(x, used)
}
)");
}

TEST(RemoveDeadCode, ASubgraphKeepsWhatItCaptures) {
  Model model = model_of(R"(g (x, c) => (y) {
  h = Relu(x)
  y = If<then_branch = t () => (a) { a = Identity(h)
    dead = Neg(h) }, else_branch = e () => (b) { b = Identity(x) }>(c)
})");
  remove_dead_code(model);
  EXPECT_EQ(model.graph.nodes.size(), 2U);
  EXPECT_EQ(model.graph.nodes[1].get_graph("then_branch")->nodes.size(), 1U);
}

TEST(RemoveIdentities, ConnectsAroundThem) {
  Model model = model_of(R"(g (x) => (y) {
  a = Identity(x)
  b = Relu(a)
  c, mask = Dropout<ratio = 0.5>(b)
  y = Neg(c)
})");
  EXPECT_EQ(remove_identities(model).done.size(), 2U);
  EXPECT_EQ(print_graph(model.graph), "g (x) => (y)\n{\n  b = Relu(x)\n  y = Neg(b)\n}\n");
}

TEST(RemoveIdentities, TheProducerTakesTheNameOfTheGraphOutput) {
  Model model = model_of("g (x) => (y, z) {\n a = Relu(x)\n y = Identity(a)\n z = Neg(a)\n}");
  remove_identities(model);
  EXPECT_EQ(print_graph(model.graph), "g (x) => (y, z)\n{\n  y = Relu(x)\n  z = Neg(y)\n}\n");
}

TEST(RemoveIdentities, SaysWhatItKeeps) {
  Model model = model_of(R"(g (x, bool[] train) => (y, z, mask)
<float32[] ratio = {0.5}>
{
  y = Identity(x)
  z = Dropout(x, ratio, train)
  w, mask = Dropout(x)
})");
  EXPECT_EQ(lines(remove_identities(model).declined),
            "node 'y' (Identity): it is what gives a graph output its name\n"
            "node 'z' (Dropout): its training_mode is not the constant false\n"
            "node 'w' (Dropout): its mask is read\n");
}

TEST(Passes, NodesThatLackInputsAndOutputsAreLeftAlone) {
  Model model = model_of(R"(g (x) => (y) {
  "" = Identity(x)
  "" = Dropout()
  "" = Constant<value = float32[] {1}>()
  "" = BatchNormalization()
  n = BatchNormalization()
  y = Neg(x)
})");
  fold_constants(model);
  remove_identities(model);
  fold_batch_norm(model);
  EXPECT_EQ(model.graph.nodes.size(), 6U);
  EXPECT_EQ(remove_dead_code(model).done.size(), 5U);
}

TEST(FoldConstants, ComputesFromConstantsOnly) {
  Model model = model_of(R"(g (float32[2] x) => (y)
<float32[2] a = {1, 2}, float32[1] b = {10}>
{
  sum = Add(a, b)
  c = Constant<value = float32[] {2}>()
  scaled = Mul(sum, c)
  y = Add(x, scaled)
})");
  EXPECT_EQ(fold_constants(model).done.size(), 3U);
  remove_dead_code(model);
  EXPECT_EQ(print_graph(model.graph), R"(g (float32[2] x) => (y)
<float32[2] scaled = {22, 24}>
{
  y = Add(x, scaled)
}
)");
}

TEST(FoldConstants, SaysWhatItLeavesAlone) {
  Model model = model_of(R"(g (float32[1000] x) => (y, o)
<int8[1] q = {5}, float32[] scale = {0.5}, float32[1] one = {1}, int64[1] many = {1000000}>
{
  w = DequantizeLinear(q, scale)
  huge = Expand(one, many)
  o = Neg(one)
  unknown = Frobnicate(one)
  y = Sum(x, w, huge, unknown)
})");
  EXPECT_EQ(lines(fold_constants(model).declined),
            "node 'w' (DequantizeLinear): it says how a tensor is quantized\n"
            "node 'huge' (Expand): its result has 4000000 bytes, its inputs have 12\n"
            "node 'o' (Neg): its output is a graph output\n"
            "node 'unknown' (Frobnicate): Frobnicate is not offered at opset 13\n");
}

}  // namespace
}  // namespace zeropoint
