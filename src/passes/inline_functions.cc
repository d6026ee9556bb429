#include <algorithm>
#include <map>
#include <utility>

#include "base/fail.h"
#include "frontends/onnx.h"
#include "passes/each_graph.h"
#include "passes/opset/upgrade_graph.h"
#include "passes/passes.h"

namespace zeropoint {
namespace {

constexpr std::size_t kMaxInlinedNodes = 1'000'000;  // functions that call functions grow exponentially

const Function* find_function(const Model& model, const Node& node) {
  const auto it = std::find_if(model.functions.begin(), model.functions.end(), [&](const Function& function) {
    return function.name == node.op_type && function.domain == node.domain && function.overload == node.overload;
  });
  return it == model.functions.end() ? nullptr : &*it;
}

/// Gives attributes that refer to the function's their values; those that nobody gave disappear.
void bind_attributes(Graph& body, const Node& call, const std::vector<Attribute>& defaults) {
  for_each_graph(body, [&](Graph& graph) {
    for (Node& node : graph.nodes) {
      std::vector<Attribute> bound;
      for (Attribute& attribute : node.attributes) {
        if (attribute.ref_attr_name.empty()) {
          bound.push_back(std::move(attribute));
          continue;
        }
        const Attribute* given = call.find(attribute.ref_attr_name);
        if (given == nullptr) {
          const auto it = std::find_if(defaults.begin(), defaults.end(),
                                       [&](const Attribute& each) { return each.name == attribute.ref_attr_name; });
          if (it == defaults.end()) continue;
          given = &*it;
        }
        bound.push_back(*given);
        bound.back().name = attribute.name;
      }
      node.attributes = std::move(bound);
    }
  });
}

/// One call being replaced.
class Inlining {
 public:
  Inlining(Graph& graph, const Node& call, FunctionBody body) : graph_(graph), call_(call), body_(std::move(body)) {}

  std::vector<Node> nodes() {
    bind_attributes(body_.graph, call_, body_.defaults);
    name_values();
    std::vector<Node> nodes;
    for (Node& node : body_.graph.nodes) {
      for (ValueId& id : node.inputs) id = in_caller(id);
      for (ValueId& id : node.outputs) id = in_caller(id);
      if (!call_.name.empty() && !node.name.empty()) node.name = call_.name + "/" + node.name;
      nodes.push_back(std::move(node));
    }
    for (const auto& [from, to] : copies_) {
      nodes.push_back({.op_type = "Identity", .inputs = {in_caller(from)}, .outputs = {to}});
    }
    for (Node& node : nodes) node.label = graph_.describe(node);
    return nodes;
  }

 private:
  ValueId argument(const std::vector<ValueId>& arguments, std::size_t i) const {
    return i < arguments.size() ? arguments[i] : kNoValue;
  }

  /// Renames all values of the body to their names in the caller: arguments, results, and new names.
  void name_values() {
    Graph& body = body_.graph;
    std::vector<std::string> names(body.values.size());
    absent_.assign(body.values.size(), false);
    for (std::size_t i = 0; i < body.inputs.size(); ++i) {
      const ValueId given = argument(call_.inputs, i);
      const auto v = static_cast<std::size_t>(body.inputs[i]);
      if (given == kNoValue) {
        absent_[v] = true;
        refuse_captured(body.inputs[i]);
        continue;
      }
      const auto same = std::find(names.begin(), names.end(), graph_.value(given).name);
      if (same == names.end()) {
        names[v] = graph_.value(given).name;
      } else {  // the call gives one value for two parameters
        body.replace_uses(body.inputs[i], static_cast<ValueId>(same - names.begin()));
      }
    }
    for (std::size_t i = 0; i < body.outputs.size(); ++i) {
      const ValueId wanted = argument(call_.outputs, i);
      const auto v = static_cast<std::size_t>(body.outputs[i]);
      if (wanted == kNoValue) continue;
      if (names[v].empty() && !absent_[v]) {
        names[v] = graph_.value(wanted).name;
      } else {
        copies_.emplace_back(body.outputs[i], wanted);  // an input, or given under two names
      }
    }
    const std::string prefix = this->prefix();
    for (std::size_t v = 0; v < names.size(); ++v) {
      if (!names[v].empty() || absent_[v]) continue;
      names[v] = graph_.fresh_name(prefix + "/" + body.values[v].name);
      Value copy = body.values[v];
      copy.name = names[v];
      graph_.add_value(std::move(copy));
    }
    // two steps, because a new name may be another value's old one
    const auto count = static_cast<ValueId>(names.size());
    for (ValueId v = 0; v < count; ++v) body.rename(v, body.fresh_name(fmt::format("\x01{}", v)));
    for (ValueId v = 0; v < count; ++v) {
      const auto at = static_cast<std::size_t>(v);
      if (!absent_[at]) body.rename(v, names[at]);
      in_caller_.push_back(absent_[at] ? kNoValue : graph_.find(names[at]));
    }
  }

  /// Of new names: what the call is called, or what its first result is.
  std::string prefix() const {
    if (!call_.name.empty()) return call_.name;
    const auto result =
        std::find_if(call_.outputs.begin(), call_.outputs.end(), [](ValueId id) { return id != kNoValue; });
    return result == call_.outputs.end() ? call_.op_type : graph_.value(*result).name;
  }

  void refuse_captured(ValueId id) const {
    for (const Node& node : body_.graph.nodes) {
      const std::vector<std::string> names = captures(node);
      if (std::find(names.begin(), names.end(), body_.graph.value(id).name) != names.end()) {
        fail(ErrorKind::unsupported, call_.label,
             "cannot be inlined: a subgraph of its body reads an input that it lacks");
      }
    }
  }

  ValueId in_caller(ValueId id) const { return id == kNoValue ? kNoValue : in_caller_[static_cast<std::size_t>(id)]; }

  Graph& graph_;
  const Node& call_;
  FunctionBody body_;
  std::vector<bool> absent_;                         // inputs that the call does not give
  std::vector<ValueId> in_caller_;                   // per value of the body
  std::vector<std::pair<ValueId, ValueId>> copies_;  // value of the body, value of the caller
};

/// Replaces the calls of one model.
class Inliner {
 public:
  Inliner(Model& model, PassReport& report) : model_(model), report_(report) {}

  void expand(Graph& graph, std::size_t depth) {
    std::vector<Node> nodes;
    std::vector<std::size_t> depths;
    for (Node& node : graph.nodes) expand(graph, std::move(node), depth, nodes, depths);
    graph.nodes = std::move(nodes);
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      for (const auto& subgraph : graph.nodes[n].subgraphs()) expand(*subgraph, depths[n]);
    }
  }

 private:
  void expand(Graph& graph, Node node, std::size_t depth, std::vector<Node>& nodes, std::vector<std::size_t>& depths) {
    const Function* function = find_function(model_, node);
    if (function == nullptr) {
      nodes.push_back(std::move(node));
      depths.push_back(depth);
      return;
    }
    if (depth >= model_.functions.size()) {
      fail(ErrorKind::invalid_model, node.label, "calls a function that calls itself");
    }
    FunctionBody body = body_of(*function);
    body.graph = deep_copy(body.graph);
    inlined_nodes_ += body.graph.nodes.size();
    if (inlined_nodes_ > kMaxInlinedNodes) {
      fail(ErrorKind::unsupported, node.label, "functions grow to more than {} nodes", kMaxInlinedNodes);
    }
    report_.done.push_back(
        {node.label, fmt::format("replaced by the {} nodes of its function", body.graph.nodes.size())});
    for (Node& inner : Inlining(graph, node, std::move(body)).nodes()) {
      expand(graph, std::move(inner), depth + 1, nodes, depths);
    }
  }

  /// The body, in the opsets of the model.
  const FunctionBody& body_of(const Function& function) {
    const auto [entry, is_new] = bodies_.try_emplace(&function);
    FunctionBody& body = entry->second;
    if (!is_new) return body;
    body = parse_function(function, model_.source);
    for (const auto& [domain, version] : body.opsets) {
      const std::int64_t present = model_.opsets.try_emplace(domain, version).first->second;
      if (present == version) continue;
      if (!domain.empty() || version > present) {
        fail(ErrorKind::unsupported, model_.source, "function '{}' is written for opset {} of '{}', the model for {}",
             function.name, version, domain, present);
      }
      upgrade_graph(body.graph, body.opsets, present, report_);
    }
    return body;
  }

  Model& model_;
  PassReport& report_;
  std::map<const Function*, FunctionBody> bodies_;
  std::size_t inlined_nodes_ = 0;
};

}  // namespace

PassReport inline_functions(Model& model) {
  PassReport report;
  if (model.functions.empty()) return report;
  Model inlined = model;
  inlined.graph = deep_copy(model.graph);
  Inliner(inlined, report).expand(inlined.graph, 0);
  inlined.functions.clear();
  model = std::move(inlined);
  return report;
}

}  // namespace zeropoint
