#include "exporters/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "frontends/onnx.h"
#include "support/assets.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

std::filesystem::path scratch(const std::string& file) {
  const auto folder = std::filesystem::path(::testing::TempDir()) / "zeropoint_onnx_test";
  std::filesystem::create_directories(folder);
  return folder / file;
}

std::string reparsed(const std::string& bytes) {
  return serialize_onnx(parse_onnx(std::as_bytes(std::span(bytes)), nullptr, "again.onnx"));
}

Model with_weight(Tensor weight) {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 13;
  Graph& graph = model.graph;
  graph.name = "g";
  const ValueId x = graph.add_value({.name = "x", .dtype = weight.dtype()});
  const ValueId w = graph.add_constant("w", std::move(weight));
  const ValueId y = graph.add_value({.name = "y", .dtype = graph.value(x).dtype});
  graph.inputs = {x};
  graph.outputs = {y};
  graph.add_node({.name = "add", .op_type = "Add", .inputs = {x, w}, .outputs = {y}});
  return model;
}

TEST(SaveOnnx, ARealModelSavedAndLoadedIsTheSame) {
  ZEROPOINT_NEEDS_ASSET("models");
  for (const auto& entry : std::filesystem::directory_iterator(testing::assets() / "models")) {
    if (entry.path().extension() != ".onnx") continue;
    const Model model = load_onnx(entry.path());
    const std::string bytes = serialize_onnx(model);
    EXPECT_EQ(reparsed(bytes), bytes) << entry.path();
    const auto original = static_cast<double>(std::filesystem::file_size(entry.path()));
    EXPECT_NEAR(static_cast<double>(bytes.size()) / original, 1.0, 0.01) << entry.path();
  }
}

TEST(SaveOnnx, ElementsKeepTheirFieldAndTheirValue) {
  Model model = with_weight(Tensor::of<std::int8_t>({4}, {-128, -1, 0, 127}));
  model.graph.value(model.graph.find("w")).constant_origin.typed_data = true;
  const std::string bytes = serialize_onnx(model);
  const Model again = parse_onnx(std::as_bytes(std::span(bytes)), nullptr, "m");
  const Value& w = again.graph.value(again.graph.find("w"));
  EXPECT_TRUE(w.constant_origin.typed_data);
  EXPECT_THAT(w.constant.values<std::int8_t>(), ::testing::ElementsAre(-128, -1, 0, 127));
}

TEST(SaveOnnx, LargeModelsKeepTheirWeightsBesideThem) {
  const Model model = with_weight(Tensor::zeros(DType::f32, {1024}));
  const auto path = scratch("large.onnx");
  save_onnx(model, path, {.max_model_bytes = 2000});
  EXPECT_EQ(std::filesystem::file_size(scratch("large.onnx.data")), 4096U);

  const Model again = load_onnx(path);
  EXPECT_TRUE(again.has_external_data);
  EXPECT_EQ(serialize_onnx(again), serialize_onnx(model));

  save_onnx(again, path);  // over the file that it is mapped from
  EXPECT_EQ(serialize_onnx(load_onnx(path)), serialize_onnx(model));
}

TEST(SaveOnnx, AFailureLeavesNothingBehind) {
  const Model model = with_weight(Tensor::zeros(DType::f32, {1024}));
  const auto path = scratch("failed.onnx");
  EXPECT_THROW(save_onnx(model, path, {.max_model_bytes = 10}), Error);
  EXPECT_FALSE(std::filesystem::exists(path));
  for (const auto& entry : std::filesystem::directory_iterator(path.parent_path())) {
    EXPECT_THAT(entry.path().string(), ::testing::Not(::testing::HasSubstr("failed"))) << "left behind";
  }
  EXPECT_THROW(save_onnx(model, scratch("missing") / "folder" / "x.onnx"), Error);
}

}  // namespace
}  // namespace zeropoint
