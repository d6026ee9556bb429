#include "exporters/onnx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exporters/protobuf_writer.h"
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

/// Field 1000 with the text `marker`: nobody knows it.
std::string unknown_field(std::string_view marker) {
  ProtoMessage message;
  message.add_bytes(1000, marker);
  std::string bytes;
  message.for_each_piece([&](std::string_view piece) { bytes += piece; });
  return bytes;
}

TEST(SaveOnnx, CarriesWhatItDoesNotKnow) {
  Model model = with_weight(Tensor::of<float>({1}, {1}));
  model.carried = unknown_field("of model");
  model.functions.push_back({.proto = unknown_field("of function")});
  Graph& graph = model.graph;
  graph.carried = unknown_field("of graph");
  graph.value(graph.find("x")).carried = unknown_field("of input");
  graph.value(graph.find("x")).dtype = DType::undefined;
  graph.value(graph.find("x")).carried_type = unknown_field("of type");
  graph.value(graph.find("w")).constant_origin.carried = unknown_field("of initializer");
  Node& node = graph.nodes[0];
  node.carried = unknown_field("of node");
  node.attributes.push_back({.name = "a", .value = std::int64_t{1}, .carried = unknown_field("of attribute")});
  node.attributes.push_back(
      {.name = "t", .value = Tensor::of<float>({}, {1}), .tensor_origins = {{.carried = unknown_field("of tensor")}}});
  node.attributes.push_back({.name = "tp", .value = std::monostate(), .carried = unknown_field("of other kinds")});

  const std::string bytes = serialize_onnx(model);
  const std::string again = reparsed(bytes);
  EXPECT_EQ(again, bytes);
  for (const std::string_view level :
       {"model", "function", "graph", "input", "type", "initializer", "node", "attribute", "tensor", "other kinds"}) {
    EXPECT_THAT(again, ::testing::HasSubstr("of " + std::string(level)));
  }
}

TEST(SaveOnnx, AListedInitializerKeepsItsPlaceAmongTheInputs) {
  Model model = with_weight(Tensor::of<float>({1}, {1}));
  model.graph.input_initializers = {{model.graph.find("w"), 0}};
  const std::string bytes = serialize_onnx(model);
  const Model again = parse_onnx(std::as_bytes(std::span(bytes)), nullptr, "m");
  ASSERT_EQ(again.graph.inputs.size(), 1U);
  ASSERT_EQ(again.graph.input_initializers.size(), 1U);
  EXPECT_EQ(again.graph.input_initializers[0].position, 0U);
  EXPECT_EQ(serialize_onnx(again), bytes);
}

TEST(SaveOnnx, LargeModelsKeepTheirWeightsBesideThem) {
  const Model model = with_weight(Tensor::zeros(DType::f32, {1024}));
  const auto path = scratch("large.onnx");
  save_onnx(model, path, {.max_model_bytes = 2000});
  EXPECT_EQ(std::filesystem::file_size(scratch("large.onnx.data")), 4096U);

  const Model again = load_onnx(path);
  EXPECT_EQ(again.external_files, std::vector<std::string>{path.string() + ".data"});
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
