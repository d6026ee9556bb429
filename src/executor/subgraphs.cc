#include <algorithm>
#include <map>
#include <utility>

#include "executor/compile.h"

namespace zeropoint {
namespace {

class CompiledSubgraph final : public Subgraph {
 public:
  /// `captures[i]`: where the i-th captured value of the graph stands among the node's captures.
  CompiledSubgraph(Program program, std::vector<std::size_t> captures)
      : program_(std::move(program)), captures_(std::move(captures)) {}

  std::vector<Tensor> run(std::span<const Tensor> inputs, const KernelIo& io) override {
    if (inputs.size() != input_count()) {
      fail(ErrorKind::invalid_model, "subgraph", "it has {} inputs, {} given", input_count(), inputs.size());
    }
    std::vector<Tensor> all(inputs.begin(), inputs.end());
    for (const std::size_t i : captures_) all.push_back(*io.captures[i]);
    return program_.run(all);
  }

  std::size_t input_count() const override { return program_.inputs().size() - captures_.size(); }
  std::size_t output_count() const override { return program_.outputs().size(); }
  DType output_dtype(std::size_t output) const override { return program_.outputs()[output].dtype; }

 private:
  Program program_;
  std::vector<std::size_t> captures_;
};

class ProgramServices final : public PlanServices {
 public:
  explicit ProgramServices(Opsets opsets) : opsets_(std::move(opsets)) {}

  std::shared_ptr<Subgraph> subgraph(const Node& node, std::string_view attribute) override {
    const std::shared_ptr<Graph> graph = node.get_graph(attribute);
    if (!graph) fail(ErrorKind::invalid_model, node.label, "the attribute {} is missing", attribute);
    std::shared_ptr<Subgraph>& made = made_[graph.get()];
    if (!made) {
      const std::vector<std::string> of_node = captures(node);
      std::vector<std::size_t> positions;
      for (const std::string& name : captured_values(*graph)) {
        positions.push_back(static_cast<std::size_t>(std::ranges::find(of_node, name) - of_node.begin()));
      }
      made = std::make_shared<CompiledSubgraph>(Program::compile(*graph, opsets_), std::move(positions));
    }
    return made;
  }

  Tensor shared(const Tensor& source, const std::string& variant, const std::function<Tensor()>& make_once) override {
    Shared& entry = shared_[{source.raw(), variant}];
    if (!entry.made) entry = {.source = source, .made = make_once()};
    return entry.made;
  }

 private:
  struct Shared {
    Tensor source;  // keeps the address, which is the key, from being used again
    Tensor made;
  };

  Opsets opsets_;
  std::map<std::pair<const void*, std::string>, Shared> shared_;
  std::map<const Graph*, std::shared_ptr<Subgraph>> made_;
};

}  // namespace

std::vector<std::string> captured_values(const Graph& subgraph) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  const auto add_outer = [&](ValueId id) {
    if (id != kNoValue && subgraph.value(id).is_outer) add(subgraph.value(id).name);
  };
  for (const Node& node : subgraph.nodes) {
    for (const ValueId id : node.inputs) add_outer(id);
    for (const std::string& name : captures(node)) {
      const ValueId id = subgraph.find(name);
      if (id == kNoValue || subgraph.value(id).is_outer) add(name);
    }
  }
  for (const ValueId id : subgraph.outputs) add_outer(id);
  return names;
}

std::unique_ptr<PlanServices> make_services(const Opsets& opsets) { return std::make_unique<ProgramServices>(opsets); }

}  // namespace zeropoint
