#include "executor/staged_run.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/interrupt.h"

namespace zeropoint {
namespace {

/// The dimensions that a value has in all samples; -1 where they differ.
std::optional<std::vector<Dim>> common_shape(const std::vector<Tensor>& samples) {
  std::vector<Dim> dims;
  for (const std::int64_t size : samples.front().shape()) dims.push_back({.value = size});
  for (const Tensor& sample : samples) {
    if (sample.shape().size() != dims.size()) return std::nullopt;
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (sample.shape()[i] != dims[i].value) dims[i].value = -1;
    }
  }
  return dims;
}

}  // namespace

StagedRun::StagedRun(const Model& model, std::vector<std::vector<Tensor>> samples, std::span<const ValueId> stops)
    : graph_(model.graph),
      opsets_(model.opsets),
      source_(model.source),
      count_(samples.size()),
      producer_(Uses(graph_).producer),
      has_run_(graph_.nodes.size()),
      stops_(stops.begin(), stops.end()) {
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    std::vector<Tensor>& values = live_[graph_.inputs[i]];
    for (std::vector<Tensor>& sample : samples) values.push_back(std::move(sample.at(i)));
  }
  is_needed_.resize(graph_.nodes.size());
  for (const ValueId stop : stops) {
    for (const int node : missing_nodes(stop)) is_needed_[static_cast<std::size_t>(node)] = true;
  }
}

std::vector<ValueId> StagedRun::read_by(int node) const {
  const Node& n = graph_.nodes[static_cast<std::size_t>(node)];
  std::vector<ValueId> values;
  for (const ValueId id : n.inputs) {
    if (id != kNoValue) values.push_back(id);
  }
  for (const std::string& name : captures(n)) {
    if (const ValueId id = graph_.find(name); id != kNoValue) values.push_back(id);
  }
  return values;
}

/// The nodes that `stop` depends on and that have not run, in the graph's order.
std::vector<int> StagedRun::missing_nodes(ValueId stop) const {
  std::set<int> nodes;
  std::vector<ValueId> open = {stop};
  while (!open.empty()) {
    const ValueId id = open.back();
    open.pop_back();
    const int node = static_cast<std::size_t>(id) < producer_.size() ? producer_[static_cast<std::size_t>(id)] : -1;
    if (node < 0 || has_run_[static_cast<std::size_t>(node)] || !nodes.insert(node).second) continue;
    for (const ValueId read : read_by(node)) open.push_back(read);
  }
  return {nodes.begin(), nodes.end()};
}

/// The graph of some nodes: it reads live values and makes those that others will read.
Model StagedRun::stage(const std::vector<int>& nodes, std::vector<ValueId>& inputs,
                       std::vector<ValueId>& outputs) const {
  Model model{.opsets = opsets_, .source = source_};
  std::map<ValueId, ValueId> ids;
  const auto add = [&](ValueId id) {
    if (id == kNoValue) return kNoValue;
    if (const auto known = ids.find(id); known != ids.end()) return known->second;
    Value value = graph_.value(id);
    const auto live = live_.find(id);
    if (live != live_.end()) {
      value.dtype = live->second.front().dtype();
      value.shape = common_shape(live->second);
    }
    const ValueId added = model.graph.add_value(std::move(value));
    if (live != live_.end()) {
      model.graph.inputs.push_back(added);
      inputs.push_back(id);
    }
    return ids[id] = added;
  };
  std::set<ValueId> wanted(stops_.begin(), stops_.end());
  const std::set<int> running(nodes.begin(), nodes.end());
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    if (!is_needed_[n] || has_run_[n] || running.contains(static_cast<int>(n))) continue;
    for (const ValueId id : read_by(static_cast<int>(n))) wanted.insert(id);
  }
  for (const int n : nodes) {
    Node node = graph_.nodes[static_cast<std::size_t>(n)];
    for (const ValueId id : read_by(n)) add(id);
    for (ValueId& id : node.inputs) id = add(id);
    for (ValueId& id : node.outputs) {
      const bool is_wanted = wanted.contains(id);
      if (is_wanted) outputs.push_back(id);
      id = add(id);
      if (is_wanted) model.graph.outputs.push_back(id);
    }
    model.graph.add_node(std::move(node));
  }
  return model;
}

void StagedRun::run_stage(const std::vector<int>& nodes) {
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  Program program = Program::compile(stage(nodes, inputs, outputs));
  for (std::size_t sample = 0; sample < count_; ++sample) {
    check_interrupt();
    std::vector<Tensor> in;
    for (const ValueId id : inputs) in.push_back(live_.at(id)[sample]);
    std::vector<Tensor> out = program.run(in);
    for (std::size_t i = 0; i < outputs.size(); ++i) live_[outputs[i]].push_back(std::move(out[i]));
  }
  for (const int node : nodes) has_run_[static_cast<std::size_t>(node)] = true;
  for (const int node : nodes) {
    for (const ValueId id : graph_.nodes[static_cast<std::size_t>(node)].inputs) {
      const bool is_replacement = id != kNoValue && static_cast<std::size_t>(id) >= producer_.size();
      if (is_replacement) graph_.value(id).constant = Tensor();
    }
  }
}

void StagedRun::forget_what_nobody_reads() {
  std::set<ValueId> wanted(stops_.begin(), stops_.end());
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    if (!is_needed_[n] || has_run_[n]) continue;
    for (const ValueId id : read_by(static_cast<int>(n))) wanted.insert(id);
  }
  std::erase_if(live_, [&](const auto& entry) { return !wanted.contains(entry.first); });
}

void StagedRun::advance(ValueId stop, const std::function<void(const Tensor&)>& each) {
  const std::vector<int> nodes = missing_nodes(stop);
  if (!nodes.empty() && count_ > 0) run_stage(nodes);
  for (const Tensor& value : live_.at(stop)) {
    check_interrupt();
    each(value);
  }
  if (const auto done = std::find(stops_.begin(), stops_.end(), stop); done != stops_.end()) stops_.erase(done);
  forget_what_nobody_reads();
}

void StagedRun::replace_input(int node, std::size_t input, Tensor tensor) {
  Node& n = graph_.nodes[static_cast<std::size_t>(node)];
  const std::string name = graph_.fresh_name(graph_.value(n.inputs[input]).name + "_replaced");
  n.inputs[input] = graph_.add_constant(name, std::move(tensor));
}

}  // namespace zeropoint
