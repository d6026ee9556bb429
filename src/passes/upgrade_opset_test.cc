#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "passes/passes.h"
#include "support/model_text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;
using testing::model_of;

/// The graph after the upgrade of `y = <node>` with inputs x, float32[2, 3, 4, 5], and w, float32[3].
std::string upgraded(std::string_view node, std::int64_t from, std::int64_t to, std::string_view w = "{1, 2, 3}") {
  const std::string text = fmt::format("g (float32[2, 3, 4, 5] x) => (y)\n<float32[3] w = {}>\n{{\n {}\n}}", w, node);
  Model model = model_of(text, from);
  upgrade_opset(model, to);
  const std::string printed = print_graph(model.graph);
  return printed.substr(printed.find('\n') + 1);
}

std::string refusal(std::string_view node, std::int64_t from, std::int64_t to) {
  try {
    upgraded(node, from, to);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(UpgradeOpset, AttributesBecomeInputs) {
  EXPECT_EQ(upgraded("y = Slice<starts = [0], ends = [2], axes = [1]>(x)", 9, 10),
            "<int64[1] y_starts = {0}, int64[1] y_ends = {2}, int64[1] y_axes = {1}>\n"
            "{\n  y = Slice(x, y_starts, y_ends, y_axes)\n}\n");
  EXPECT_EQ(upgraded("y, i = TopK<k = 2, axis = 1>(x)", 9, 11),
            "<int64[1] y_k = {2}>\n{\n  y, i = TopK<axis = 1>(x, y_k)\n}\n");
  EXPECT_EQ(upgraded("y = Clip<max = 6.0>(x)", 7, 11), "<float32[] y_max = {6}>\n{\n  y = Clip(x, \"\", y_max)\n}\n");
  EXPECT_EQ(upgraded("y = Pad<pads = [0, 1], value = 0.5>(x)", 7, 11),
            "<int64[2] y_pads = {0, 1}, float32[] y_value = {0.5}>\n{\n  y = Pad(x, y_pads, y_value)\n}\n");
  EXPECT_EQ(upgraded("y = Pad<pads = [0, 1], value = 0.5, mode = \"edge\">(x)", 7, 11),
            "<int64[2] y_pads = {0, 1}>\n{\n  y = Pad<mode = \"edge\">(x, y_pads)\n}\n");
  EXPECT_EQ(upgraded("y = Squeeze<axes = [0]>(x)", 11, 13),
            "<int64[1] y_axes = {0}>\n{\n  y = Squeeze(x, y_axes)\n}\n");
  EXPECT_EQ(upgraded("y = ReduceSum<keepdims = 0>(x)", 11, 13), "{\n  y = ReduceSum<keepdims = 0>(x)\n}\n");
  EXPECT_EQ(upgraded("y = ReduceMean<axes = [1]>(x)", 11, 17), "{\n  y = ReduceMean<axes = [1]>(x)\n}\n");
  EXPECT_EQ(upgraded("y = ReduceMean<axes = [1]>(x)", 11, 18),
            "<int64[1] y_axes = {1}>\n{\n  y = ReduceMean(x, y_axes)\n}\n");
  EXPECT_EQ(upgraded("y, z = Split<axis = 3, split = [2, 3]>(x)", 11, 18),
            "<int64[2] y_split = {2, 3}>\n{\n  y, z = Split<axis = 3>(x, y_split)\n}\n");
  EXPECT_EQ(upgraded("y, z = Split(x)", 11, 18), "{\n  y, z = Split<num_outputs = 2>(x)\n}\n");
}

TEST(UpgradeOpset, SoftmaxKeepsItsMeaning) {
  EXPECT_EQ(upgraded("y = Softmax<axis = 3>(x)", 7, 13), "{\n  y = Softmax<axis = 3>(x)\n}\n");
  EXPECT_EQ(upgraded("y = Softmax(x)", 7, 13),
            "{\n  y_flat = Flatten<axis = 1>(x)\n  y_shape = Shape(x)\n  y_matrix = Softmax<axis = -1>(y_flat)\n"
            "  y = Reshape(y_matrix, y_shape)\n}\n");
  Model ones = model_of("g (float32[2, 3, 1, 1] x) => (y) {\n y = Softmax(x)\n}", 7);
  upgrade_opset(ones, 13);
  EXPECT_THAT(print_graph(ones.graph), HasSubstr("{\n  y = Softmax<axis = 1>(x)\n}"));
}

TEST(UpgradeOpset, UpsampleBecomesResize) {
  EXPECT_EQ(upgraded("y = Upsample<scales = [1.0, 1.0, 2.0, 2.0]>(x)", 7, 13),
            "<float32[4] y_scales = {1, 1, 2, 2}>\n{\n"
            "  y = Resize<coordinate_transformation_mode = \"asymmetric\", nearest_mode = \"floor\">(x, \"\", "
            "y_scales)\n}\n");
}

TEST(UpgradeOpset, TrainingDisappearsOrPreventsIt) {
  EXPECT_EQ(upgraded("y, m = BatchNormalization<spatial = 1>(x, w, w, w, w)", 7, 14),
            "<float32[3] w = {1, 2, 3}>\n{\n  y = BatchNormalization(x, w, w, w, w)\n}\n");
  EXPECT_EQ(refusal("m, y = BatchNormalization(x, w, w, w, w)", 9, 14),
            "node 'm' (BatchNormalization): cannot be written for opset 14: the statistics of training that it gives "
            "are read");
  EXPECT_THAT(refusal("y = BatchNormalization<spatial = 0>(x, w, w, w, w)", 7, 13), HasSubstr("spatial is 0"));
  EXPECT_THAT(refusal("m, y = Dropout(x)", 7, 13), HasSubstr("its mask becomes boolean"));
}

TEST(UpgradeOpset, BroadcastAlongAnAxis) {
  EXPECT_EQ(upgraded("y = Add<broadcast = 1, axis = 1>(x, w)", 6, 7),
            "<float32[3, 1, 1] y_operand = {1, 2, 3}>\n{\n  y = Add(x, y_operand)\n}\n");
  EXPECT_EQ(upgraded("h = Relu(w)\n y = Add<broadcast = 1, axis = 1>(x, h)", 6, 13),
            "<float32[3] w = {1, 2, 3}, int64[2] y_operand_axes = {1, 2}>\n{\n  h = Relu(w)\n"
            "  y_operand = Unsqueeze(h, y_operand_axes)\n  y = Add(x, y_operand)\n}\n");
  EXPECT_THAT(refusal("h = Frobnicate(x)\n y = Add<broadcast = 1, axis = 1>(h, w)", 6, 7),
              HasSubstr("the ranks of its inputs are not known"));
}

TEST(UpgradeOpset, NodesThatLackWhatTheyNeedPreventIt) {
  EXPECT_THAT(refusal("y = Clip<min = 0.0>()", 7, 13),
              HasSubstr("cannot be written for opset 11: its input 0 is missing"));
  EXPECT_THAT(refusal("y = Relu(x)\n \"\" = Softmax(x)", 7, 13), HasSubstr("its output is missing"));
  EXPECT_THAT(refusal("y = Resize(x)", 10, 13), HasSubstr("its input 1 is missing"));
}

TEST(UpgradeOpset, ReachesIntoSubgraphs) {
  Model model = model_of(R"(g (float32[1, 2] x, bool[] c) => (y) {
  y = If<then_branch = t () => (a) { a = Squeeze<axes = [0]>(x) },
         else_branch = e () => (b) { b = Identity(x) }>(c)
})",
                         11);
  upgrade_opset(model, 13);
  EXPECT_THAT(print_graph(model.graph), HasSubstr("<int64[1] a_axes = {0}>"));
}

TEST(UpgradeOpset, RaisesTheIrVersionAndFreesInitializersFromTheInputs) {
  Model model = model_of("g (float32[2] x) => (y) <float32[2] w = {1, 2}> { y = Add(x, w) }", 8);
  model.ir_version = 3;
  model.graph.input_initializers = {{model.graph.find("w"), 1}};
  upgrade_opset(model, 21);
  EXPECT_EQ(model.opset(), 21);
  EXPECT_EQ(model.ir_version, 10);
  EXPECT_TRUE(model.graph.input_initializers.empty());
}

TEST(UpgradeOpset, LeavesTheModelAsItWasWhenANodePreventsIt) {
  Model model = model_of("g (float32[1, 2] x) => (y) { h = Squeeze<axes = [0]>(x)\n m, y = Dropout(h) }", 7);
  const std::string before = print_graph(model.graph);
  EXPECT_THROW(upgrade_opset(model, 13), Error);
  EXPECT_EQ(print_graph(model.graph), before);
  EXPECT_EQ(model.opset(), 7);
  EXPECT_TRUE(upgrade_opset(model, 7).done.empty());
  EXPECT_THAT(
      [] {
        Model old = model_of("g (x) => (y) { y = Relu(x) }", 1);
        upgrade_opset(old, 13);
      },
      ::testing::Throws<Error>(
          ::testing::Property(&Error::message, HasSubstr("models older than opset 6 are not upgraded"))));
}

}  // namespace
}  // namespace zeropoint
