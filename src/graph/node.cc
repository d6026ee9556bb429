#include <algorithm>
#include <utility>

#include "base/fail.h"
#include "graph/graph.h"

namespace zeropoint {
namespace {

template <class T>
const T* get(const Node& node, std::string_view name, std::string_view wanted) {
  const Attribute* attribute = node.find(name);
  if (attribute == nullptr) return nullptr;
  const T* value = std::get_if<T>(&attribute->value);
  if (value == nullptr) {
    fail(ErrorKind::invalid_model, node.label, "attribute '{}' is not {}", name, wanted);
  }
  return value;
}

}  // namespace

const Attribute* Node::find(std::string_view attribute) const {
  const auto it = std::find_if(attributes.begin(), attributes.end(),
                               [&](const Attribute& candidate) { return candidate.name == attribute; });
  return it == attributes.end() ? nullptr : &*it;
}

std::int64_t Node::get_int(std::string_view attribute, std::int64_t otherwise) const {
  const auto* value = get<std::int64_t>(*this, attribute, "an integer");
  return value != nullptr ? *value : otherwise;
}

float Node::get_float(std::string_view attribute, float otherwise) const {
  const auto* value = get<float>(*this, attribute, "a float");
  return value != nullptr ? *value : otherwise;
}

std::string Node::get_string(std::string_view attribute, std::string_view otherwise) const {
  const auto* value = get<std::string>(*this, attribute, "a string");
  return value != nullptr ? *value : std::string(otherwise);
}

std::vector<std::int64_t> Node::get_ints(std::string_view attribute, std::vector<std::int64_t> otherwise) const {
  const auto* value = get<std::vector<std::int64_t>>(*this, attribute, "a list of integers");
  if (value != nullptr) return *value;
  return otherwise;
}

std::vector<float> Node::get_floats(std::string_view attribute, std::vector<float> otherwise) const {
  const auto* value = get<std::vector<float>>(*this, attribute, "a list of floats");
  if (value != nullptr) return *value;
  return otherwise;
}

Tensor Node::get_tensor(std::string_view attribute) const {
  const auto* value = get<Tensor>(*this, attribute, "a tensor");
  return value != nullptr ? *value : Tensor();
}

std::shared_ptr<Graph> Node::get_graph(std::string_view attribute) const {
  const auto* value = get<std::shared_ptr<Graph>>(*this, attribute, "a graph");
  return value != nullptr ? *value : nullptr;
}

std::vector<std::shared_ptr<Graph>> Node::subgraphs() const {
  std::vector<std::shared_ptr<Graph>> all;
  for (const Attribute& attribute : attributes) {
    if (const auto* one = std::get_if<std::shared_ptr<Graph>>(&attribute.value); one != nullptr && *one != nullptr) {
      all.push_back(*one);
    } else if (const auto* many = std::get_if<std::vector<std::shared_ptr<Graph>>>(&attribute.value)) {
      all.insert(all.end(), many->begin(), many->end());
    }
  }
  return all;
}

void Node::set(std::string_view attribute, AttributeValue value) {
  for (Attribute& present : attributes) {
    if (present.name != attribute) continue;
    present = {.name = std::string(attribute), .value = std::move(value)};
    return;
  }
  attributes.push_back({.name = std::string(attribute), .value = std::move(value)});
}

void Node::erase(std::string_view attribute) {
  std::erase_if(attributes, [&](const Attribute& candidate) { return candidate.name == attribute; });
}

}  // namespace zeropoint
