#include <charconv>
#include <utility>

#include "base/fail.h"
#include "graph/element_text.h"
#include "graph/text.h"
#include "graph/tokens.h"

namespace zeropoint {
namespace {

constexpr int kMaxDepth = 32;

class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) {}

  Graph whole() {
    Graph parsed = graph(0);
    if (tokens_.peek().kind != Token::Kind::end) tokens_.fail_here("the end is wanted");
    check_captures(parsed);
    return parsed;
  }

 private:
  struct Declaration {
    DType dtype = DType::undefined;
    std::optional<std::vector<Dim>> shape;
    std::string name;
  };

  Graph graph(int depth);
  void declarations(Graph& graph);
  void node(Graph& graph, int depth);
  Attribute attribute(int depth);
  AttributeValue value(int depth);
  AttributeValue list(int depth);
  Tensor tensor(DType dtype, const std::optional<std::vector<Dim>>& dims);

  Declaration declaration();
  std::optional<DType> dtype_ahead() const;
  std::optional<std::vector<Dim>> dims();
  std::string name();
  ValueId declare(Graph& graph);
  ValueId intern(Graph& graph, const std::string& name);

  Tokens tokens_;
};

template <class T>
bool parse_whole(const std::string& word, T& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

std::string Parser::name() {
  const Token::Kind kind = tokens_.peek().kind;
  if (kind != Token::Kind::word && kind != Token::Kind::quoted) tokens_.fail_here("a name is wanted");
  return tokens_.take().text;
}

std::optional<DType> Parser::dtype_ahead() const {
  if (tokens_.peek().kind != Token::Kind::word) return std::nullopt;
  return parse_dtype(tokens_.peek().text);
}

std::optional<std::vector<Dim>> Parser::dims() {
  if (!tokens_.take_if("[")) return std::nullopt;
  std::vector<Dim> all;
  while (!tokens_.take_if("]")) {
    if (!all.empty()) tokens_.expect(",");
    Dim dim;
    if (!tokens_.take_if("?")) {
      std::string word = name();
      if (!parse_whole(word, dim.value)) dim = {.symbol = std::move(word)};
      if (dim.symbol.empty() && dim.value < 0) tokens_.fail_here("a negative dimension");
    }
    all.push_back(std::move(dim));
  }
  return all;
}

Parser::Declaration Parser::declaration() {
  Declaration declared;
  if (const std::optional<DType> dtype = dtype_ahead()) {
    tokens_.take();
    declared.dtype = *dtype;
    declared.shape = dims();
  }
  declared.name = name();
  return declared;
}

ValueId Parser::intern(Graph& graph, const std::string& name) {
  if (name.empty()) return kNoValue;
  const ValueId found = graph.find(name);
  return found != kNoValue ? found : graph.add_value({.name = name});
}

ValueId Parser::declare(Graph& graph) {
  Declaration declared = declaration();
  const ValueId id = intern(graph, declared.name);
  if (id == kNoValue) tokens_.fail_here("a value without a name");
  if (declared.dtype == DType::undefined) return id;
  graph.value(id).dtype = declared.dtype;
  graph.value(id).shape = std::move(declared.shape);
  return id;
}

Tensor Parser::tensor(DType dtype, const std::optional<std::vector<Dim>>& dims) {
  if (!dims) tokens_.fail_here("a tensor needs its shape");
  std::vector<std::string> words;
  tokens_.expect("{");
  while (!tokens_.take_if("}")) {
    if (!words.empty()) tokens_.expect(",");
    words.push_back(name());
    if (words.back() == "...") tokens_.fail_here("the elements were left out when this text was printed");
  }
  Shape shape;
  for (const Dim& dim : *dims) {
    if (dim.value < 0) tokens_.fail_here("a tensor's shape has sizes only");
    shape.push_back(dim.value);
  }
  const std::int64_t count = element_count(shape);
  if (count != static_cast<std::int64_t>(words.size())) {
    tokens_.fail_here(fmt::format("{} elements for shape {}", words.size(), to_string(shape)));
  }
  if (dtype == DType::string) return Tensor::of_strings(shape, std::move(words));
  Tensor parsed = Tensor::zeros(dtype, shape);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::string& word = words[static_cast<std::size_t>(i)];
    if (!set_element(parsed, i, word)) {
      tokens_.fail_here(fmt::format("'{}' is no element of {}", word, zeropoint::name(dtype)));
    }
  }
  return parsed;
}

void Parser::declarations(Graph& graph) {
  if (!tokens_.take_if("<")) return;
  while (!tokens_.take_if(">")) {
    const ValueId id = declare(graph);
    Value& value = graph.value(id);
    if (tokens_.take_if("=")) {
      value.constant = tensor(value.dtype, value.shape);
    } else {
      value.is_declared = true;
    }
    if (!tokens_.is(">")) tokens_.expect(",");
  }
}

AttributeValue Parser::list(int depth) {
  std::vector<AttributeValue> elements;
  while (!tokens_.take_if("]")) {
    if (!elements.empty()) tokens_.expect(",");
    elements.push_back(value(depth));
    if (elements.back().index() != elements[0].index()) tokens_.fail_here("a list of different kinds");
  }
  if (elements.empty()) tokens_.fail_here("an empty list needs its kind, as in 'axes: ints = []'");
  return std::visit(
      [&](const auto& first) -> AttributeValue {
        using T = std::decay_t<decltype(first)>;
        if constexpr (std::is_constructible_v<AttributeValue, std::in_place_type_t<std::vector<T>>>) {
          std::vector<T> values;
          values.reserve(elements.size());
          for (AttributeValue& element : elements) values.push_back(std::get<T>(std::move(element)));
          return values;
        } else {
          tokens_.fail_here("a list of lists");
        }
      },
      elements[0]);
}

AttributeValue Parser::value(int depth) {
  if (tokens_.take_if("[")) return list(depth);
  if (const std::optional<DType> dtype = dtype_ahead()) {
    tokens_.take();
    const auto shape = dims();
    return tensor(*dtype, shape);
  }
  if (tokens_.peek().kind == Token::Kind::quoted) return tokens_.take().text;
  if (tokens_.peek().kind != Token::Kind::word) tokens_.fail_here("a value is wanted");
  std::int64_t integer = 0;
  if (parse_whole(tokens_.peek().text, integer)) {
    tokens_.take();
    return integer;
  }
  float number = 0;
  if (parse_whole(tokens_.peek().text, number)) {
    tokens_.take();
    return number;
  }
  return std::make_shared<Graph>(graph(depth + 1));
}

AttributeValue empty_value(const std::string& kind) {
  if (kind == "int") return std::int64_t{0};
  if (kind == "float") return 0.0F;
  if (kind == "string") return std::string();
  if (kind == "tensor") return Tensor();
  if (kind == "graph") return std::shared_ptr<Graph>();
  if (kind == "ints") return std::vector<std::int64_t>();
  if (kind == "floats") return std::vector<float>();
  if (kind == "strings") return std::vector<std::string>();
  if (kind == "tensors") return std::vector<Tensor>();
  if (kind == "graphs") return std::vector<std::shared_ptr<Graph>>();
  return std::monostate();
}

Attribute Parser::attribute(int depth) {
  Attribute parsed{.name = name()};
  if (!tokens_.take_if(":")) {
    tokens_.expect("=");
    parsed.value = value(depth);
    return parsed;
  }
  parsed.value = empty_value(name());
  if (std::holds_alternative<std::monostate>(parsed.value)) tokens_.fail_here("no such kind of attribute");
  tokens_.expect("=");
  if (tokens_.take_if("@")) {
    parsed.ref_attr_name = name();
    return parsed;
  }
  tokens_.expect("[");
  tokens_.expect("]");
  return parsed;
}

void Parser::node(Graph& graph, int depth) {
  Node parsed;
  if (tokens_.take_if("[")) {
    parsed.name = name();
    tokens_.expect("]");
  }
  do parsed.outputs.push_back(intern(graph, name()));
  while (tokens_.take_if(","));
  tokens_.expect("=");
  parsed.op_type = name();
  if (const std::size_t dot = parsed.op_type.rfind('.'); dot != std::string::npos) {
    parsed.domain = parsed.op_type.substr(0, dot);
    parsed.op_type.erase(0, dot + 1);
  }
  if (tokens_.take_if(":")) parsed.overload = name();
  if (tokens_.take_if("<")) {
    while (!tokens_.take_if(">")) {
      if (!parsed.attributes.empty()) tokens_.expect(",");
      parsed.attributes.push_back(attribute(depth));
    }
  }
  tokens_.expect("(");
  while (!tokens_.take_if(")")) {
    if (!parsed.inputs.empty()) tokens_.expect(",");
    parsed.inputs.push_back(intern(graph, name()));
  }
  graph.add_node(std::move(parsed));
}

Graph Parser::graph(int depth) {
  if (depth > kMaxDepth) tokens_.fail_here("graphs are nested too deep");
  Graph parsed;
  parsed.name = name();
  const auto list_of_values = [&](std::vector<ValueId>& ids) {
    tokens_.expect("(");
    while (!tokens_.take_if(")")) {
      if (!ids.empty()) tokens_.expect(",");
      ids.push_back(declare(parsed));
    }
  };
  list_of_values(parsed.inputs);
  tokens_.expect("=>");
  list_of_values(parsed.outputs);
  declarations(parsed);
  tokens_.expect("{");
  while (!tokens_.take_if("}")) node(parsed, depth);
  if (depth > 0) mark_outer_values(parsed);
  parsed.sort();
  return parsed;
}

}  // namespace

Graph parse_graph(std::string_view text) { return Parser(text).whole(); }

}  // namespace zeropoint
