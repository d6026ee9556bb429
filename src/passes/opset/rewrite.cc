#include "passes/opset/rewrite.h"

#include <algorithm>

#include "passes/channel_scale.h"
#include "passes/node_values.h"

namespace zeropoint {

bool NodeRewrite::is_read(std::size_t output) const {
  const ValueId id = output_of(node, output);
  if (id == kNoValue) return false;
  if (graph.is_output(id)) return true;
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& other) {
    if (std::find(other.inputs.begin(), other.inputs.end(), id) != other.inputs.end()) return true;
    const std::vector<std::string> names = captures(other);
    return std::find(names.begin(), names.end(), graph.value(id).name) != names.end();
  });
}

ValueId NodeRewrite::input(std::size_t i) const {
  const ValueId id = input_of(node, i);
  if (id == kNoValue) refuse("its input {} is missing", i);
  return id;
}

ValueId NodeRewrite::output() const {
  const ValueId id = output_of(node, 0);
  if (id == kNoValue) refuse("its output is missing");
  return id;
}

DType NodeRewrite::float_type(ValueId id) const {
  const DType known = shapes.dtype(id);
  if (known != DType::undefined) return known;
  if (model_float_ == DType::undefined) refuse("the type of '{}' is not known", graph.value(id).name);
  return model_float_;
}

std::string NodeRewrite::stem(std::string_view role) const {
  return fmt::format("{}_{}", graph.value(output()).name, role);
}

void NodeRewrite::set_input(std::size_t i, ValueId id) {
  if (node.inputs.size() <= i) node.inputs.resize(i + 1, kNoValue);
  node.inputs[i] = id;
}

void NodeRewrite::set_input(std::size_t i, std::string_view role, Tensor tensor) {
  set_input(i, graph.add_constant(graph.fresh_name(stem(role)), std::move(tensor)));
}

void NodeRewrite::ints_to_input(std::string_view attribute, std::size_t i) {
  if (node.find(attribute) == nullptr) return;
  const std::vector<std::int64_t> values = node.get_ints(attribute);
  set_input(i, attribute, Tensor::copy_of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  node.erase(attribute);
}

void NodeRewrite::float_to_input(std::string_view attribute, std::size_t i, DType dtype) {
  if (node.find(attribute) == nullptr) return;
  if (!to_doubles(Tensor::zeros(dtype, {}))) refuse("its input is {}", name(dtype));
  set_input(i, attribute, from_doubles(dtype, {}, {node.get_float(attribute, 0)}));
  node.erase(attribute);
}

ValueId NodeRewrite::new_value(std::string_view role) {
  return graph.add_value({.name = graph.fresh_name(stem(role))});
}

}  // namespace zeropoint
