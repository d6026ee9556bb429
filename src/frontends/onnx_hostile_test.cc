// What the reader says about broken and hostile models. Models are assembled field by field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "exporters/onnx.h"
#include "exporters/protobuf_writer.h"
#include "frontends/onnx.h"
#include "frontends/onnx_proto.h"
#include "graph/text.h"
#include "zeropoint/error.h"

namespace zeropoint {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;
namespace proto = onnx_proto;

std::string bytes_of(const ProtoMessage& message) {
  std::string bytes;
  message.for_each_piece([&](std::string_view piece) { bytes += piece; });
  return bytes;
}

ProtoMessage node(std::string_view name, std::string_view op_type, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs) {
  ProtoMessage message;
  for (const std::string& input : inputs) message.add_bytes(proto::node::input, input);
  for (const std::string& output : outputs) message.add_bytes(proto::node::output, output);
  message.add_bytes(proto::node::name, name);
  message.add_bytes(proto::node::op_type, op_type);
  return message;
}

ProtoMessage tensor(std::string_view name, DType dtype, const Shape& dims, std::string_view raw_data) {
  ProtoMessage message;
  for (const std::int64_t dim : dims) message.add_integer(proto::tensor::dims, dim);
  message.add_integer(proto::tensor::data_type, static_cast<std::int64_t>(dtype));
  message.add_bytes(proto::tensor::name, name);
  message.add_bytes(proto::tensor::raw_data, raw_data);
  return message;
}

ProtoMessage value_info(std::string_view name, DType dtype, const Shape& dims) {
  ProtoMessage shape;
  for (const std::int64_t dim : dims) {
    ProtoMessage dimension;
    dimension.add_integer(proto::dimension::dim_value, dim);
    shape.add_message(proto::shape::dim, std::move(dimension));
  }
  ProtoMessage tensor_type;
  tensor_type.add_integer(proto::tensor_type::elem_type, static_cast<std::int64_t>(dtype));
  tensor_type.add_message(proto::tensor_type::shape, std::move(shape));
  ProtoMessage type;
  type.add_message(proto::type::tensor_type, std::move(tensor_type));
  ProtoMessage message;
  message.add_bytes(proto::value_info::name, name);
  message.add_message(proto::value_info::type, std::move(type));
  return message;
}

std::string model_bytes(ProtoMessage graph, std::int64_t ir_version = 8) {
  ProtoMessage opset;
  opset.add_integer(proto::opset::version, 13);
  ProtoMessage model;
  model.add_integer(proto::model::ir_version, ir_version);
  model.add_message(proto::model::opset_import, std::move(opset));
  model.add_message(proto::model::graph, std::move(graph));
  return bytes_of(model);
}

Model parse(const std::string& bytes) { return parse_onnx(std::as_bytes(std::span(bytes)), nullptr, "net.onnx"); }

std::string error_of(const std::string& bytes) {
  try {
    parse(bytes);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string error_with_initializer(ProtoMessage initializer) {
  ProtoMessage graph;
  graph.add_message(proto::graph::initializer, std::move(initializer));
  return error_of(model_bytes(std::move(graph)));
}

TEST(HostileOnnx, WhatIsNotAModel) {
  EXPECT_THAT(error_of(""), HasSubstr("net.onnx: ir_version is 0: not an ONNX model"));
  EXPECT_EQ(error_of("\x89PNG\r\n\x1a\n"), "net.onnx: is a PNG picture, not an ONNX model");
  EXPECT_EQ(error_of("\xFF\xD8\xFF\xE0 JFIF"), "net.onnx: is a JPEG picture, not an ONNX model");
  EXPECT_EQ(error_of("PK\x03\x04 x.npy"), "net.onnx: is a ZIP archive (.npz, .zip), not an ONNX model");
  EXPECT_EQ(error_of("\x93NUMPY\x01"), "net.onnx: is a NumPy array (.npy), not an ONNX model");
  EXPECT_EQ(error_of("{\"nodes\": []}"), "net.onnx: is text that looks like JSON, not an ONNX model");
  EXPECT_THAT(error_of(model_bytes({}, 0)), HasSubstr("ir_version is 0"));
  ProtoMessage only_version;
  only_version.add_integer(proto::model::ir_version, 8);
  EXPECT_EQ(error_of(bytes_of(only_version)), "net.onnx: has no graph");
  only_version.add_message(proto::model::graph, {});
  EXPECT_EQ(error_of(bytes_of(only_version)), "net.onnx: imports no operator set");
}

TEST(HostileOnnx, EveryTruncationIsAnErrorOrAModel) {
  const Graph graph = parse_graph(
      "g (float32[2] x) => (y) <float32[2] w = {1, 2}> { y = If<then_branch = t () => (z) { z = Add(x, w) }>(x) }");
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 13;
  model.graph = graph;
  const std::string whole = serialize_onnx(model);
  int errors = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    if (error_of(whole.substr(0, size)) != "no error") ++errors;
  }
  EXPECT_GE(errors, static_cast<int>(whole.size()) - 8) << "only the end after the graph may be missed";
}

TEST(HostileOnnx, TensorsThatDoNotFitTheirShape) {
  EXPECT_EQ(error_with_initializer(tensor("w", DType::f32, {2, 2}, "12345678")),
            "net.onnx: initializer 'w': raw_data has 8 bytes, float32 [2, 2] needs 16");
  EXPECT_EQ(error_with_initializer(tensor("w", DType::f32, {-2}, "")),
            "net.onnx: initializer 'w': has a negative dimension in [-2]");
  EXPECT_EQ(error_with_initializer(tensor("w", DType::u8, {1LL << 40, 1LL << 40}, "")),
            "net.onnx: initializer 'w': has dimensions [1099511627776, 1099511627776], more than fit in memory");
  EXPECT_EQ(error_with_initializer(tensor("w", DType::f32, {1LL << 40}, "")),
            "net.onnx: initializer 'w': raw_data has 0 bytes, float32 [1099511627776] needs 4398046511104");
  EXPECT_EQ(error_with_initializer(tensor("", DType::f32, {}, "1234")), "net.onnx: an initializer without a name");
  ProtoMessage two_fields = tensor("w", DType::f32, {1}, "1234");
  two_fields.add_bytes(proto::tensor::float_data, "1234");
  EXPECT_THAT(error_with_initializer(std::move(two_fields)), HasSubstr("has both raw_data and field 4"));
  ProtoMessage wrong_field;
  wrong_field.add_integer(proto::tensor::data_type, 1);
  wrong_field.add_bytes(proto::tensor::name, "w");
  wrong_field.add_integer(proto::tensor::int64_data, 3);
  EXPECT_THAT(error_with_initializer(std::move(wrong_field)),
              HasSubstr("is float32 but keeps its elements in field 7"));
}

TEST(HostileOnnx, NamesThatClash) {
  ProtoMessage graph;
  graph.add_message(proto::graph::initializer, tensor("w", DType::u8, {}, "1"));
  graph.add_message(proto::graph::initializer, tensor("w", DType::u8, {}, "1"));
  EXPECT_EQ(error_of(model_bytes(std::move(graph))), "net.onnx: two definitions of 'w', the second as initializer");

  ProtoMessage nodes;
  nodes.add_message(proto::graph::node, node("a", "Relu", {}, {"y"}));
  nodes.add_message(proto::graph::node, node("b", "Relu", {}, {"y"}));
  EXPECT_EQ(error_of(model_bytes(std::move(nodes))),
            "net.onnx: node 'b' (Relu): two definitions of 'y', the second as output");
}

TEST(HostileOnnx, NamesThatAreNoText) {
  ProtoMessage graph;
  graph.add_message(proto::graph::node, node("a\xFF", "Relu", {}, {"y"}));
  EXPECT_EQ(error_of(model_bytes(std::move(graph))), "net.onnx: the name 'a\\xff' is not UTF-8");
  ProtoMessage lines;
  lines.add_message(proto::graph::node, node("a\nb", "Relu", {"w"}, {"y"}));
  EXPECT_THAT(error_of(model_bytes(std::move(lines))), HasSubstr("node 'a\\x0ab' (Relu): reads 'w'"));
}

TEST(HostileOnnx, CyclesAndMissingValues) {
  ProtoMessage cycle;
  cycle.add_message(proto::graph::node, node("a", "Relu", {"y"}, {"x"}));
  cycle.add_message(proto::graph::node, node("b", "Relu", {"x"}, {"y"}));
  EXPECT_EQ(error_of(model_bytes(std::move(cycle))),
            "net.onnx: node 'a' (Relu): is part of a cycle: it waits for its own output");

  ProtoMessage missing;
  missing.add_message(proto::graph::node, node("conv1", "Conv", {"w"}, {"y"}));
  EXPECT_EQ(error_of(model_bytes(std::move(missing))),
            "net.onnx: node 'conv1' (Conv): reads 'w', which no node makes and no graph input or initializer provides");
}

TEST(HostileOnnx, DeclarationsThatCannotBe) {
  ProtoMessage negative;
  negative.add_message(proto::graph::input, value_info("x", DType::f32, {-7}));
  EXPECT_EQ(error_of(model_bytes(std::move(negative))), "net.onnx: value 'x': declared with dimension -7");

  ProtoMessage huge;
  huge.add_message(proto::graph::input, value_info("x", DType::f32, {1LL << 40, 1LL << 40}));
  EXPECT_EQ(error_of(model_bytes(std::move(huge))),
            "net.onnx: value 'x': declared with more elements than fit in 64 bits");

  ProtoMessage other_type;
  other_type.add_message(proto::graph::initializer, tensor("w", DType::u8, {}, "1"));
  other_type.add_message(proto::graph::input, value_info("w", DType::f32, {}));
  EXPECT_EQ(error_of(model_bytes(std::move(other_type))), "net.onnx: value 'w': declared as float32 but it is uint8");

  ProtoMessage other_shape;
  other_shape.add_message(proto::graph::initializer, tensor("w", DType::u8, {2}, "12"));
  other_shape.add_message(proto::graph::input, value_info("w", DType::u8, {3}));
  EXPECT_EQ(error_of(model_bytes(std::move(other_shape))),
            "net.onnx: value 'w': declared with another shape than its tensor, [2]");

  ProtoMessage left_over;  // value_info is not binding: the tensor is right
  left_over.add_message(proto::graph::initializer, tensor("w", DType::u8, {2}, "12"));
  left_over.add_message(proto::graph::value_info, value_info("w", DType::u8, {3}));
  const Model model = parse(model_bytes(std::move(left_over)));
  EXPECT_EQ(model.graph.value(0).shape, std::vector<Dim>{{.value = 2}});
}

TEST(HostileOnnx, SubgraphsNestedTooDeep) {
  ProtoMessage graph;
  for (int i = 0; i < 2000; ++i) {
    ProtoMessage attribute;
    attribute.add_bytes(proto::attribute::name, "body");
    attribute.add_integer(proto::attribute::type, proto::attribute::is_graph);
    attribute.add_message(proto::attribute::g, std::move(graph));
    ProtoMessage loop = node("loop", "Loop", {}, {});
    loop.add_message(proto::node::attribute, std::move(attribute));
    graph = {};
    graph.add_message(proto::graph::node, std::move(loop));
  }
  EXPECT_THAT(error_of(model_bytes(std::move(graph))), HasSubstr("subgraphs are nested more than 32 deep"));
}

/// A folder with a model whose one weight lies in another file.
class ExternalData : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / "zeropoint_external" /
              ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(folder_ / "model");
    write_file_atomically(folder_ / "model" / "weights.bin", "12345678");
    write_file_atomically(folder_ / "secret.bin", "12345678");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string error_at(std::string_view location, std::string_view offset = "0", std::string_view length = "8") {
    ProtoMessage weight;
    weight.add_integer(proto::tensor::dims, 8);
    weight.add_integer(proto::tensor::data_type, static_cast<std::int64_t>(DType::u8));
    weight.add_bytes(proto::tensor::name, "w");
    weight.add_integer(proto::tensor::data_location, 1);
    const auto add = [&](std::string_view key, std::string_view value) {
      ProtoMessage entry;
      entry.add_bytes(proto::entry::key, key);
      entry.add_bytes(proto::entry::value, value);
      weight.add_message(proto::tensor::external_data, std::move(entry));
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
    ProtoMessage graph;
    graph.add_message(proto::graph::initializer, std::move(weight));
    const fs::path path = folder_ / "model" / "net.onnx";
    write_file_atomically(path, model_bytes(std::move(graph)));
    try {
      model_ = load_onnx(path);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_;
  Model model_;
};

TEST_F(ExternalData, IsViewedInPlace) {
  EXPECT_EQ(error_at("weights.bin"), "no error");
  EXPECT_THAT(model_.external_files, ::testing::ElementsAre((folder_ / "model" / "weights.bin").string()));
  EXPECT_EQ(model_.graph.value(0).constant.data<char>()[7], '8');
}

TEST_F(ExternalData, StaysInTheFolder) {
  EXPECT_THAT(error_at("../secret.bin"),
              HasSubstr("net.onnx: initializer 'w': external data at '../secret.bin': '..' leaves"));
  EXPECT_THAT(error_at((folder_ / "secret.bin").string()), HasSubstr("an absolute path leaves the model's folder"));
  fs::create_symlink(folder_ / "secret.bin", folder_ / "model" / "link.bin");
  EXPECT_THAT(error_at("link.bin"), HasSubstr("a link leaves the model's folder"));
  fs::create_directory_symlink(folder_, folder_ / "model" / "up");
  EXPECT_THAT(error_at("up/secret.bin"), HasSubstr("a link leaves the model's folder"));
  fs::create_symlink(folder_ / "model" / "weights.bin", folder_ / "model" / "inside.bin");
  EXPECT_EQ(error_at("inside.bin"), "no error");
}

TEST_F(ExternalData, StaysInTheFile) {
  EXPECT_THAT(error_at("weights.bin", "1"),
              HasSubstr("external data of 8 bytes from byte 1 of 'weights.bin', which has 8 bytes"));
  EXPECT_THAT(error_at("weights.bin", "18446744073709551615"), HasSubstr("which has 8 bytes"));
  EXPECT_THAT(error_at("weights.bin", "-1"), HasSubstr("the offset of external data is '-1', not a number of bytes"));
  EXPECT_THAT(error_at("weights.bin", "0", "7"), HasSubstr("external data has 7 bytes, uint8 [8] needs 8"));
  EXPECT_THAT(error_at("missing.bin"), HasSubstr("cannot open external data"));
  EXPECT_THAT(error_at("."), HasSubstr("is a folder"));
  EXPECT_THAT(error_at(""), HasSubstr("external data without a location"));
}

}  // namespace
}  // namespace zeropoint
