#include <functional>
#include <set>
#include <utility>

#include "frontends/context.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"
#include "frontends/protobuf.h"

namespace zeropoint::onnx_reader {
namespace {

constexpr int kMaxSubgraphDepth = 32;  // three nested messages each: protobuf's own limit is 100

/// A graph while it is read: which of its values something defines.
class Builder {
 public:
  Builder(Graph& graph, Source& source, int depth) : graph_(graph), source_(source), depth_(depth) {}

  void add_initializer(std::string_view field);
  void add_sparse_initializer(std::string_view field);
  void add_input(std::string_view message);
  void add_input_name(const std::string& name);
  void add_value_info(std::string_view message);
  void add_node(std::string_view message);
  void add_output(std::string_view message);
  void add_output_name(const std::string& name);

 private:
  ValueId intern(std::string_view name);
  void define(ValueId id, std::string_view as);
  ValueId declare(Value declared);
  std::vector<ValueId> intern_all(const std::vector<std::string_view>& names);

  Graph& graph_;
  Source& source_;
  int depth_;
  std::vector<bool> defined_;
  std::set<ValueId> listed_;  // initializers that were inputs too
};

ValueId Builder::intern(std::string_view name) {
  const ValueId found = graph_.find(name);
  if (found != kNoValue) return found;
  require_utf8(name);
  defined_.push_back(false);
  return graph_.add_value({.name = std::string(name)});
}

void Builder::define(ValueId id, std::string_view as) {
  if (defined_[static_cast<std::size_t>(id)]) {
    fail_here("two definitions of '{}', the second as {}", graph_.value(id).name, as);
  }
  defined_[static_cast<std::size_t>(id)] = true;
}

std::string_view tensor_name(std::string_view message) {
  std::string_view name;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == onnx_proto::tensor::name) name = fields.bytes();
  }
  return name;
}

void Builder::add_initializer(std::string_view field) {
  ProtoFields outer(field);
  outer.next();
  const std::string_view message = outer.bytes();
  const std::string_view name = tensor_name(message);
  if (name.empty()) fail_here("an initializer without a name");
  ParsedTensor parsed =
      within([&] { return fmt::format("initializer '{}'", name); }, [&] { return parse_tensor(message, source_); });
  const ValueId id = intern(name);
  define(id, "initializer");
  Value& value = graph_.value(id);
  if (!parsed.tensor) {
    value.carried_initializer = field;
    return;
  }
  value.dtype = parsed.tensor.dtype();
  value.shape.emplace();
  for (const std::int64_t dim : parsed.tensor.shape()) value.shape->push_back({.value = dim});
  value.constant = std::move(parsed.tensor);
  value.constant_origin = std::move(parsed.origin);
}

void Builder::add_sparse_initializer(std::string_view field) {
  std::string_view name;
  ProtoFields outer(field);
  outer.next();
  for (ProtoFields fields(outer.bytes()); fields.next();) {
    if (fields.number() == onnx_proto::sparse_tensor::values) name = tensor_name(fields.bytes());
  }
  if (name.empty()) fail_here("a sparse initializer without a name");
  const ValueId id = intern(name);
  define(id, "sparse initializer");
  graph_.value(id).carried_initializer = field;
}

/// Whether a declared shape can be that of `actual`.
bool agrees(const std::vector<Dim>& declared, const Shape& actual) {
  if (declared.size() != actual.size()) return false;
  for (std::size_t i = 0; i < declared.size(); ++i) {
    if (declared[i].value >= 0 && declared[i].value != actual[i]) return false;
  }
  return true;
}

/// Merges a declaration into the value of that name.
ValueId Builder::declare(Value declared) {
  const ValueId id = intern(declared.name);
  Value& value = graph_.value(id);
  const bool both_typed = value.dtype != DType::undefined && declared.dtype != DType::undefined;
  if (both_typed && value.dtype != declared.dtype) {
    fail_here("value '{}': declared as {} but it is {}", value.name, zeropoint::name(declared.dtype),
              zeropoint::name(value.dtype));
  }
  const bool is_stale = value.constant && declared.shape && !agrees(*declared.shape, value.constant.shape());
  if (declared.dtype != DType::undefined) value.dtype = declared.dtype;
  if (declared.shape && !is_stale) value.shape = std::move(declared.shape);
  if (!declared.carried_type.empty() && !is_stale) value.carried_type = std::move(declared.carried_type);
  if (!declared.carried.empty()) value.carried = std::move(declared.carried);
  return id;
}

void Builder::add_input(std::string_view message) {
  Value declared = parse_value_info(message);
  const ValueId known = graph_.find(declared.name);
  if (graph_.is_constant(known)) {
    const Shape& actual = graph_.value(known).constant.shape();
    if (declared.shape && !agrees(*declared.shape, actual)) {
      fail_here("value '{}': declared with another shape than its tensor, {}", declared.name, to_string(actual));
    }
  }
  const ValueId id = declare(std::move(declared));
  const Value& value = graph_.value(id);
  if (value.constant || !value.carried_initializer.empty()) {
    if (!listed_.insert(id).second) fail_here("two graph inputs '{}'", value.name);
    graph_.input_initializers.push_back({id, graph_.inputs.size() + graph_.input_initializers.size()});
  } else {
    define(id, "graph input");
    graph_.inputs.push_back(id);
  }
}

void Builder::add_output_name(const std::string& name) {
  if (name.empty()) fail_here("a function output without a name");
  graph_.outputs.push_back(intern(name));
}

void Builder::add_input_name(const std::string& name) {
  if (name.empty()) fail_here("a function input without a name");
  const ValueId id = intern(name);
  define(id, "function input");
  graph_.inputs.push_back(id);
}

void Builder::add_value_info(std::string_view message) {
  graph_.value(declare(parse_value_info(message))).is_declared = true;
}

void Builder::add_output(std::string_view message) {
  const Value declared = parse_value_info(message);
  const ValueId id = declare(declared);
  Value& value = graph_.value(id);
  if (declared.dtype != value.dtype || declared.shape != value.shape) value.carried_output = message;
  graph_.outputs.push_back(id);
}

std::vector<ValueId> Builder::intern_all(const std::vector<std::string_view>& names) {
  std::vector<ValueId> ids;
  ids.reserve(names.size());
  for (const std::string_view name : names) ids.push_back(name.empty() ? kNoValue : intern(name));
  return ids;
}

void Builder::add_node(std::string_view message) {
  Node node;
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<std::string_view> attributes;
  for (ProtoFields fields(message); fields.next();) {
    switch (fields.number()) {
      case onnx_proto::node::input:
        inputs.push_back(fields.bytes());
        break;
      case onnx_proto::node::output:
        outputs.push_back(fields.bytes());
        break;
      case onnx_proto::node::name:
        node.name = fields.bytes();
        break;
      case onnx_proto::node::op_type:
        node.op_type = fields.bytes();
        break;
      case onnx_proto::node::attribute:
        attributes.push_back(fields.bytes());
        break;
      case onnx_proto::node::domain:
        node.domain = fields.bytes();
        break;
      case onnx_proto::node::overload:
        node.overload = fields.bytes();
        break;
      default:
        node.carried += fields.whole();
    }
  }
  if (node.op_type.empty()) fail_here("node '{}' has no operator type", node.name);
  for (const std::string* text : {&node.name, &node.op_type, &node.domain, &node.overload}) require_utf8(*text);
  if (node.domain == "ai.onnx") node.domain.clear();
  node.inputs = intern_all(inputs);
  node.outputs = intern_all(outputs);
  node.label = graph_.describe(node);
  within([&] { return node.label; },
         [&] {
           for (const ValueId id : node.outputs) {
             if (id != kNoValue) define(id, "output");
           }
           std::set<std::string, std::less<>> names;
           for (const std::string_view attribute_message : attributes) {
             Attribute attribute = parse_attribute(attribute_message, source_, depth_);
             if (!names.insert(attribute.name).second) fail_here("has attribute '{}' twice", attribute.name);
             node.attributes.push_back(std::move(attribute));
           }
         });
  graph_.nodes.push_back(std::move(node));
}

}  // namespace

void build_graph(Graph& graph, const GraphParts& parts, Source& source, int depth) {
  Builder builder(graph, source, depth);
  for (const std::string_view field : parts.initializers) builder.add_initializer(field);
  for (const std::string_view field : parts.sparse_initializers) builder.add_sparse_initializer(field);
  for (const std::string_view message : parts.inputs) builder.add_input(message);
  for (const std::string& name : parts.input_names) builder.add_input_name(name);
  for (const std::string_view message : parts.value_infos) builder.add_value_info(message);
  for (const std::string_view message : parts.nodes) builder.add_node(message);
  for (const std::string_view message : parts.outputs) builder.add_output(message);
  for (const std::string& name : parts.output_names) builder.add_output_name(name);
  if (depth > 0) mark_outer_values(graph);
  graph.sort();
}

Graph parse_graph(std::string_view message, Source& source, int depth) {
  if (depth > kMaxSubgraphDepth) fail_here("subgraphs are nested more than {} deep", kMaxSubgraphDepth);
  Graph graph;
  GraphParts parts;
  for (ProtoFields fields(message); fields.next();) {
    switch (fields.number()) {
      case onnx_proto::graph::node:
        parts.nodes.push_back(fields.bytes());
        break;
      case onnx_proto::graph::name:
        graph.name = fields.bytes();
        break;
      case onnx_proto::graph::initializer:
        parts.initializers.push_back(fields.whole());
        break;
      case onnx_proto::graph::sparse_initializer:
        parts.sparse_initializers.push_back(fields.whole());
        break;
      case onnx_proto::graph::input:
        parts.inputs.push_back(fields.bytes());
        break;
      case onnx_proto::graph::output:
        parts.outputs.push_back(fields.bytes());
        break;
      case onnx_proto::graph::value_info:
        parts.value_infos.push_back(fields.bytes());
        break;
      default:
        graph.carried += fields.whole();
    }
  }
  require_utf8(graph.name);
  build_graph(graph, parts, source, depth);
  return graph;
}

}  // namespace zeropoint::onnx_reader
