#include <optional>

#include "frontends/context.h"
#include "frontends/onnx_proto.h"
#include "frontends/onnx_reader.h"
#include "frontends/protobuf.h"

namespace zeropoint::onnx_reader {
namespace {

namespace field = onnx_proto::attribute;

/// The field that holds the value of an attribute of `type`; 0 for a type that we do not model.
int value_field(std::int64_t type) {
  switch (type) {
    case field::is_float:
      return field::f;
    case field::is_int:
      return field::i;
    case field::is_string:
      return field::s;
    case field::is_tensor:
      return field::t;
    case field::is_graph:
      return field::g;
    case field::is_floats:
      return field::floats;
    case field::is_ints:
      return field::ints;
    case field::is_strings:
      return field::strings;
    case field::is_tensors:
      return field::tensors;
    case field::is_graphs:
      return field::graphs;
    default:
      return 0;
  }
}

/// The type of an attribute of a model older than the type field: that of the one value present.
std::int64_t type_of_field(int number) {
  for (std::int64_t type = field::is_float; type <= field::is_graphs; ++type) {
    if (value_field(type) == number) return type;
  }
  return field::undefined;
}

AttributeValue empty_value(std::int64_t type) {
  switch (type) {
    case field::is_float:
      return 0.0F;
    case field::is_int:
      return std::int64_t{0};
    case field::is_string:
      return std::string();
    case field::is_tensor:
      return Tensor();
    case field::is_graph:
      return std::shared_ptr<Graph>();
    case field::is_floats:
      return std::vector<float>();
    case field::is_ints:
      return std::vector<std::int64_t>();
    case field::is_strings:
      return std::vector<std::string>();
    case field::is_tensors:
      return std::vector<Tensor>();
    case field::is_graphs:
      return std::vector<std::shared_ptr<Graph>>();
    default:
      return std::monostate();
  }
}

/// Reads the value's field into `attribute`; false when it holds something that we do not model.
struct ValueReader {
  Attribute& attribute;
  const ProtoFields& fields;
  Source& source;
  int depth;

  Tensor tensor() const {
    ParsedTensor parsed = parse_tensor(fields.bytes(), source, {.keep_name = true});
    if (parsed.tensor) attribute.tensor_origins.push_back(std::move(parsed.origin));
    return parsed.tensor;
  }
  std::shared_ptr<Graph> graph() const {
    return std::make_shared<Graph>(parse_graph(fields.bytes(), source, depth + 1));
  }

  bool operator()(std::int64_t& value) const {
    value = fields.integer();
    return true;
  }
  bool operator()(float& value) const {
    value = fields.float32();
    return true;
  }
  bool operator()(std::string& value) const {
    value = fields.bytes();
    return true;
  }
  bool operator()(Tensor& value) const {
    attribute.tensor_origins.clear();  // of a repeated singular field the last one counts
    value = tensor();
    return static_cast<bool>(value);
  }
  bool operator()(std::shared_ptr<Graph>& value) const {
    value = graph();
    return true;
  }
  bool operator()(std::vector<float>& value) const {
    fields.append_floats(value);
    return true;
  }
  bool operator()(std::vector<std::int64_t>& value) const {
    fields.append_integers(value);
    return true;
  }
  bool operator()(std::vector<std::string>& value) const {
    value.emplace_back(fields.bytes());
    return true;
  }
  bool operator()(std::vector<Tensor>& value) const {
    value.push_back(tensor());
    return static_cast<bool>(value.back());
  }
  bool operator()(std::vector<std::shared_ptr<Graph>>& value) const {
    value.push_back(graph());
    return true;
  }
  bool operator()(std::monostate& /*value*/) const { return false; }
};

/// Everything but the names as it is.
Attribute carry_whole(std::string_view message, std::string name, std::string ref_attr_name) {
  Attribute attribute{.name = std::move(name), .value = std::monostate(), .ref_attr_name = std::move(ref_attr_name)};
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == field::name || fields.number() == field::ref_attr_name) continue;
    attribute.carried += fields.whole();
  }
  return attribute;
}

}  // namespace

Attribute parse_attribute(std::string_view message, Source& source, int depth) {
  Attribute attribute;
  std::int64_t type = field::undefined;
  std::int64_t present_type = field::undefined;
  for (ProtoFields fields(message); fields.next();) {
    if (fields.number() == field::name) attribute.name = fields.bytes();
    if (fields.number() == field::ref_attr_name) attribute.ref_attr_name = fields.bytes();
    if (fields.number() == field::type) type = fields.integer();
    if (const std::int64_t t = type_of_field(fields.number()); t != field::undefined) present_type = t;
  }
  if (attribute.name.empty()) fail_here("has an attribute without a name");
  require_utf8(attribute.name);
  require_utf8(attribute.ref_attr_name);
  if (type == field::undefined) type = present_type;

  const int value_number = value_field(type);
  if (value_number == 0) return carry_whole(message, std::move(attribute.name), std::move(attribute.ref_attr_name));
  return within([&] { return fmt::format("attribute '{}'", attribute.name); },
                [&] {
                  attribute.value = empty_value(type);
                  bool has_value = false;
                  for (ProtoFields fields(message); fields.next();) {
                    const int number = fields.number();
                    if (number == field::name || number == field::ref_attr_name || number == field::type) continue;
                    if (number != value_number) {
                      attribute.carried += fields.whole();
                      continue;
                    }
                    has_value = true;
                    if (!std::visit(ValueReader{attribute, fields, source, depth}, attribute.value)) {
                      return carry_whole(message, attribute.name, attribute.ref_attr_name);
                    }
                  }
                  const bool needs_value = type == field::is_tensor || type == field::is_graph;
                  if (needs_value && !has_value && attribute.ref_attr_name.empty()) fail_here("has no value");
                  return attribute;
                });
}

}  // namespace zeropoint::onnx_reader
