#include "frontends/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontends/test_model.h"
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

TEST(LoadOnnx, ALargeModelStaysInItsFile) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "zeropoint_large.onnx";
  testing::write_sparse_model(path, 375, 1024);
  ASSERT_GT(std::filesystem::file_size(path), 1'500'000'000U);
  const std::int64_t before = testing::private_bytes();
  const Model model = load_onnx(path);
  const std::int64_t grown = testing::private_bytes() - before;
  std::filesystem::remove(path);  // the map keeps the bytes
  EXPECT_LT(grown, 20'000'000);
  EXPECT_EQ(model.graph.nodes.size(), 375U);

  // a weight that lies at an odd address is copied when its elements are asked for, and no other
  const Tensor& weight = model.graph.value(model.graph.find("w7")).constant;
  EXPECT_EQ(weight.data<float>()[5], 0.0F);
  EXPECT_LT(testing::private_bytes() - before, 30'000'000);
}

}  // namespace
}  // namespace zeropoint
