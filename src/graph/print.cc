#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "graph/element_text.h"
#include "graph/text.h"

namespace zeropoint {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

bool is_identifier(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return false;
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '_'); });
}

std::string word(std::string_view name) {
  const bool reads_as_name = is_identifier(name) && !parse_dtype(name) && name != "nan" && name != "inf";
  return reads_as_name ? std::string(name) : quoted(name);
}

std::string float_text(float value) {
  std::string text = fmt::format("{}", value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

class Printer {
 public:
  explicit Printer(const PrintOptions& options) : options_(options) {}

  std::string graph(const Graph& graph, const std::string& indent) const;

 private:
  std::string type(DType dtype, const std::optional<std::vector<Dim>>& shape) const;
  std::string elements(const Tensor& tensor) const;
  std::string typed_name(const Value& value) const;
  std::string declarations(const Graph& graph) const;
  std::string attribute(const Attribute& attribute, const std::string& indent) const;
  std::string node(const Graph& graph, const Node& node, const std::string& indent) const;

  // one per alternative of AttributeValue
  std::string value(std::int64_t number, const std::string& /*indent*/) const { return fmt::format("{}", number); }
  std::string value(float number, const std::string& /*indent*/) const { return float_text(number); }
  std::string value(const std::string& text, const std::string& /*indent*/) const { return quoted(text); }
  std::string value(const Tensor& tensor, const std::string& indent) const;
  std::string value(const std::shared_ptr<Graph>& subgraph, const std::string& indent) const;
  std::string value(std::monostate /*carried*/, const std::string& /*indent*/) const { return "?"; }
  template <class T>
  std::string value(const std::vector<T>& values, const std::string& indent) const;

  const PrintOptions& options_;
};

std::string Printer::type(DType dtype, const std::optional<std::vector<Dim>>& shape) const {
  if (!shape) return std::string(name(dtype));
  std::vector<std::string> dims;
  for (const Dim& dim : *shape) {
    dims.push_back(dim.value >= 0 ? fmt::format("{}", dim.value) : dim.symbol.empty() ? "?" : word(dim.symbol));
  }
  return fmt::format("{}[{}]", name(dtype), fmt::join(dims, ", "));
}

std::string Printer::elements(const Tensor& tensor) const {
  if (tensor.size() > options_.max_elements) return "{...}";
  std::vector<std::string> words;
  for (std::int64_t i = 0; i < tensor.size(); ++i) {
    const bool is_string = tensor.dtype() == DType::string;
    words.push_back(is_string ? quoted(tensor.strings()[static_cast<std::size_t>(i)]) : element_text(tensor, i));
  }
  return fmt::format("{{{}}}", fmt::join(words, ", "));
}

std::string Printer::typed_name(const Value& value) const {
  if (value.dtype == DType::undefined) return word(value.name);
  return type(value.dtype, value.shape) + " " + word(value.name);
}

std::string Printer::value(const std::shared_ptr<Graph>& subgraph, const std::string& indent) const {
  return subgraph ? graph(*subgraph, indent) : "?";
}

std::string Printer::value(const Tensor& tensor, const std::string& /*indent*/) const {
  if (!tensor) return "?";
  return fmt::format("{}{} {}", name(tensor.dtype()), to_string(tensor.shape()), elements(tensor));
}

std::string Printer::declarations(const Graph& graph) const {
  std::vector<std::string> all;
  for (const Value& value : graph.values) {
    if (value.constant) {
      all.push_back(fmt::format("{}{} {} = {}", name(value.constant.dtype()), to_string(value.constant.shape()),
                                word(value.name), elements(value.constant)));
    } else if (!value.carried_initializer.empty()) {
      all.push_back(typed_name(value) + " = ?");
    } else if (value.is_declared && !graph.is_output(graph.find(value.name))) {
      all.push_back(typed_name(value));
    }
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

template <class T>
std::string Printer::value(const std::vector<T>& values, const std::string& indent) const {
  std::vector<std::string> words;
  words.reserve(values.size());
  for (const T& each : values) words.push_back(value(each, indent));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string Printer::attribute(const Attribute& attribute, const std::string& indent) const {
  // in the order of AttributeValue's alternatives
  static constexpr std::array kKinds = {"int",    "float",   "string",  "tensor", "graph", "ints",
                                        "floats", "strings", "tensors", "graphs", "other"};
  const std::string text = std::visit([&](const auto& held) { return value(held, indent); }, attribute.value);
  const std::string kind = kKinds[attribute.value.index()];
  if (!attribute.ref_attr_name.empty()) {
    return fmt::format("{}: {} = @{}", word(attribute.name), kind, word(attribute.ref_attr_name));
  }
  if (text == "[]") return fmt::format("{}: {} = []", word(attribute.name), kind);
  return fmt::format("{} = {}", word(attribute.name), text);
}

std::string Printer::node(const Graph& graph, const Node& node, const std::string& indent) const {
  const auto names = [&](const std::vector<ValueId>& ids) {
    std::vector<std::string> words;
    words.reserve(ids.size());
    for (const ValueId id : ids) words.push_back(id == kNoValue ? "\"\"" : word(graph.value(id).name));
    return fmt::format("{}", fmt::join(words, ", "));
  };
  std::string text = node.name.empty() ? "" : fmt::format("[{}] ", quoted(node.name));
  text += names(node.outputs) + " = ";
  if (!node.domain.empty()) text += node.domain + ".";
  text += node.op_type;
  if (!node.overload.empty()) text += ":" + word(node.overload);
  if (!node.attributes.empty()) {
    std::vector<std::string> words;
    for (const Attribute& each : node.attributes) words.push_back(attribute(each, indent));
    text += fmt::format("<{}>", fmt::join(words, ", "));
  }
  return fmt::format("{}({})", text, names(node.inputs));
}

std::string Printer::graph(const Graph& graph, const std::string& indent) const {
  const auto typed = [&](const std::vector<ValueId>& ids) {
    std::vector<std::string> words;
    words.reserve(ids.size());
    for (const ValueId id : ids) words.push_back(typed_name(graph.value(id)));
    return fmt::format("{}", fmt::join(words, ", "));
  };
  std::string text = fmt::format("{} ({}) => ({})\n", word(graph.name), typed(graph.inputs), typed(graph.outputs));
  const std::string declared = declarations(graph);
  if (!declared.empty()) text += fmt::format("{}<{}>\n", indent, declared);
  text += indent + "{\n";
  for (const Node& each : graph.nodes) text += fmt::format("{}  {}\n", indent, node(graph, each, indent + "  "));
  return text + indent + "}";
}

}  // namespace

std::string print_graph(const Graph& graph, const PrintOptions& options) {
  return Printer(options).graph(graph, "") + "\n";
}

}  // namespace zeropoint
