#include "exporters/onnx_message.h"

#include <utility>

#include "exporters/onnx_tensor.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"

namespace zeropoint {
namespace {

ProtoMessage graph_message(const Graph& graph, ExternalData* external);

/// Adds the value of one attribute: its type, unless that is not modelled, and its elements.
struct ValueWriter {
  ProtoMessage& message;
  const Attribute& attribute;
  ExternalData* external;  // for the initializers of subgraphs; tensors of attributes stay inside

  bool has_value() const { return attribute.ref_attr_name.empty(); }
  void add_type(onnx_proto::attribute::Type type) const { message.add_integer(onnx_proto::attribute::type, type); }
  ProtoMessage tensor(const Tensor& value, std::size_t index) const {
    const bool known = index < attribute.tensor_origins.size();
    return tensor_message("", value, known ? attribute.tensor_origins[index] : TensorOrigin{}, nullptr);
  }

  void operator()(std::int64_t value) const {
    if (has_value()) message.add_integer(onnx_proto::attribute::i, value);
    add_type(onnx_proto::attribute::is_int);
  }
  void operator()(float value) const {
    if (has_value()) message.add_float(onnx_proto::attribute::f, value);
    add_type(onnx_proto::attribute::is_float);
  }
  void operator()(const std::string& value) const {
    if (has_value()) message.add_bytes(onnx_proto::attribute::s, value);
    add_type(onnx_proto::attribute::is_string);
  }
  void operator()(const Tensor& value) const {
    if (value) message.add_message(onnx_proto::attribute::t, tensor(value, 0));
    add_type(onnx_proto::attribute::is_tensor);
  }
  void operator()(const std::shared_ptr<Graph>& value) const {
    if (value) message.add_message(onnx_proto::attribute::g, graph_message(*value, external));
    add_type(onnx_proto::attribute::is_graph);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    for (const std::int64_t value : values) message.add_integer(onnx_proto::attribute::ints, value);
    add_type(onnx_proto::attribute::is_ints);
  }
  void operator()(const std::vector<float>& values) const {
    for (const float value : values) message.add_float(onnx_proto::attribute::floats, value);
    add_type(onnx_proto::attribute::is_floats);
  }
  void operator()(const std::vector<std::string>& values) const {
    for (const std::string& value : values) message.add_bytes(onnx_proto::attribute::strings, value);
    add_type(onnx_proto::attribute::is_strings);
  }
  void operator()(const std::vector<Tensor>& values) const {
    for (std::size_t i = 0; i < values.size(); ++i) {
      message.add_message(onnx_proto::attribute::tensors, tensor(values[i], i));
    }
    add_type(onnx_proto::attribute::is_tensors);
  }
  void operator()(const std::vector<std::shared_ptr<Graph>>& values) const {
    for (const auto& value : values) {
      message.add_message(onnx_proto::attribute::graphs, graph_message(*value, external));
    }
    add_type(onnx_proto::attribute::is_graphs);
  }
  void operator()(std::monostate /*value*/) const {}
};

ProtoMessage attribute_message(const Attribute& attribute, ExternalData* external) {
  ProtoMessage message;
  message.add_bytes(onnx_proto::attribute::name, attribute.name);
  std::visit(ValueWriter{message, attribute, external}, attribute.value);
  if (!attribute.ref_attr_name.empty()) {
    message.add_bytes(onnx_proto::attribute::ref_attr_name, attribute.ref_attr_name);
  }
  message.add_fields(attribute.carried);
  return message;
}

ProtoMessage node_message(const Graph& graph, const Node& node, ExternalData* external) {
  const auto name = [&](ValueId id) { return id == kNoValue ? std::string_view() : graph.value(id).name; };
  ProtoMessage message;
  for (const ValueId id : node.inputs) message.add_bytes(onnx_proto::node::input, name(id));
  for (const ValueId id : node.outputs) message.add_bytes(onnx_proto::node::output, name(id));
  if (!node.name.empty()) message.add_bytes(onnx_proto::node::name, node.name);
  message.add_bytes(onnx_proto::node::op_type, node.op_type);
  for (const Attribute& attribute : node.attributes) {
    message.add_message(onnx_proto::node::attribute, attribute_message(attribute, external));
  }
  if (!node.domain.empty()) message.add_bytes(onnx_proto::node::domain, node.domain);
  if (!node.overload.empty()) message.add_bytes(onnx_proto::node::overload, node.overload);
  message.add_fields(node.carried);
  return message;
}

ProtoMessage shape_message(const std::vector<Dim>& dims) {
  ProtoMessage shape;
  for (const Dim& dim : dims) {
    ProtoMessage message;
    if (dim.value >= 0) {
      message.add_integer(onnx_proto::dimension::dim_value, dim.value);
    } else if (!dim.symbol.empty()) {
      message.add_bytes(onnx_proto::dimension::dim_param, dim.symbol);
    }
    shape.add_message(onnx_proto::shape::dim, std::move(message));
  }
  return shape;
}

/// Whether the carried TypeProto still says what `value` says.
bool is_current(const Value& value) {
  Value carried;
  onnx_reader::parse_type(value.carried_type, carried);
  return carried.dtype == value.dtype && carried.shape == value.shape;
}

ProtoMessage value_info_message(const Value& value) {
  ProtoMessage message;
  message.add_bytes(onnx_proto::value_info::name, value.name);
  if (!value.carried_type.empty() && is_current(value)) {
    message.add_bytes(onnx_proto::value_info::type, value.carried_type);
  } else if (value.dtype != DType::undefined) {
    ProtoMessage tensor;
    tensor.add_integer(onnx_proto::tensor_type::elem_type, static_cast<std::int64_t>(value.dtype));
    if (value.shape) tensor.add_message(onnx_proto::tensor_type::shape, shape_message(*value.shape));
    ProtoMessage type;
    type.add_message(onnx_proto::type::tensor_type, std::move(tensor));
    message.add_message(onnx_proto::value_info::type, std::move(type));
  }
  message.add_fields(value.carried);
  return message;
}

ProtoMessage output_message(const Value& value) {
  if (!value.carried_output.empty()) {
    const Value carried = onnx_reader::parse_value_info(value.carried_output);
    const bool fits = carried.name == value.name && (carried.dtype == DType::undefined || carried.dtype == value.dtype);
    if (fits) {
      ProtoMessage message;
      message.add_fields(value.carried_output);
      return message;
    }
  }
  return value_info_message(value);
}

/// All entries of graph.input: real inputs, and initializers at the places where the file listed them.
std::vector<ValueId> listed_inputs(const Graph& graph) {
  std::vector<ValueId> listed;
  listed.reserve(graph.inputs.size() + graph.input_initializers.size());
  auto input = graph.inputs.begin();
  for (const InputInitializer& entry : graph.input_initializers) {
    while (listed.size() < entry.position && input != graph.inputs.end()) listed.push_back(*input++);
    listed.push_back(entry.value);
  }
  listed.insert(listed.end(), input, graph.inputs.end());
  return listed;
}

ProtoMessage graph_message(const Graph& graph, ExternalData* external) {
  ProtoMessage message;
  for (const Node& node : graph.nodes)
    message.add_message(onnx_proto::graph::node, node_message(graph, node, external));
  if (!graph.name.empty()) message.add_bytes(onnx_proto::graph::name, graph.name);
  for (const Value& value : graph.values) {
    message.add_fields(value.carried_initializer);
    if (!value.constant) continue;
    message.add_message(onnx_proto::graph::initializer,
                        tensor_message(value.name, value.constant, value.constant_origin, external));
  }
  message.add_fields(graph.carried);
  for (const ValueId id : listed_inputs(graph)) {
    message.add_message(onnx_proto::graph::input, value_info_message(graph.value(id)));
  }
  for (const ValueId id : graph.outputs) {
    message.add_message(onnx_proto::graph::output, output_message(graph.value(id)));
  }
  for (const Value& value : graph.values) {
    if (value.is_declared) message.add_message(onnx_proto::graph::value_info, value_info_message(value));
  }
  return message;
}

}  // namespace

ProtoMessage model_message(const Model& model, ExternalData* external) {
  ProtoMessage message;
  message.add_integer(onnx_proto::model::ir_version, model.ir_version);
  message.add_fields(model.carried);
  message.add_message(onnx_proto::model::graph, graph_message(model.graph, external));
  for (const auto& [domain, version] : model.opsets) {
    ProtoMessage opset;
    opset.add_bytes(onnx_proto::opset::domain, domain);
    opset.add_integer(onnx_proto::opset::version, version);
    message.add_message(onnx_proto::model::opset_import, std::move(opset));
  }
  for (const Function& function : model.functions) {
    message.add_bytes(onnx_proto::model::functions, function.proto);
  }
  return message;
}

}  // namespace zeropoint
