#include "frontends/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/assets.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

TEST(LoadOnnx, KnowsARealNetworkNodeByNode) {
  ZEROPOINT_NEEDS_ASSET("models/squeezenet1.1.onnx");
  const Model model = load_onnx(testing::assets() / "models/squeezenet1.1.onnx");
  const Graph& graph = model.graph;
  EXPECT_EQ(model.opset(), 7);
  ASSERT_EQ(graph.inputs.size(), 1U);
  EXPECT_EQ(graph.value(graph.inputs[0]).dtype, DType::f32);
  EXPECT_EQ(graph.nodes[0].op_type, "Conv");
  EXPECT_THAT(graph.nodes[0].get_ints("kernel_shape"), ::testing::ElementsAre(3, 3));
  const Value& weight = graph.value(graph.nodes[0].inputs[1]);
  EXPECT_EQ(to_string(weight.constant.shape()), "[64, 3, 3, 3]");
}

TEST(LoadOnnx, LoadsEveryModelOfTheCollection) {
  ZEROPOINT_NEEDS_ASSET("models");
  for (const auto& entry : std::filesystem::directory_iterator(testing::assets() / "models")) {
    if (entry.path().extension() != ".onnx") continue;
    EXPECT_FALSE(load_onnx(entry.path()).graph.nodes.empty()) << entry.path();
  }
}

}  // namespace
}  // namespace zeropoint
