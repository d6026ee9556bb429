#include "executor/plan_builder.h"

#include <algorithm>

namespace zeropoint {
namespace {

/// A view of memory that another tensor brings along at each run (a graph input).
std::unique_ptr<Kernel> make_view_kernel(Shape shape) {
  return make_kernel([shape = std::move(shape)](const KernelIo& io) { io.out(0) = io.in(0).reshaped(shape); });
}

}  // namespace

Plan::Plan(const Compiled& compiled, std::vector<InputShape> inputs)
    : compiled_(&compiled), input_shapes_(std::move(inputs)) {
  PlanBuilder(compiled, *this).build();
}

PlanBuilder::PlanBuilder(const Compiled& compiled, Plan& plan)
    : compiled_(compiled),
      graph_(compiled.graph),
      plan_(plan),
      facts_(graph_.values.size()),
      value_slot_(graph_.values.size(), kNoSlot) {}

void PlanBuilder::build() {
  add_inputs();
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) add_node(i);
  add_first_taps();
  keep_results();
  share_buffers();
  place_buffers();
  connect();
}

void PlanBuilder::add_inputs() {
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
    const InputShape& given = plan_.input_shapes_[i];
    const ValueId id = graph_.inputs[i];
    facts_[static_cast<std::size_t>(id)] = {.dtype = given.dtype, .shape = given.shape};
    value_slot_[static_cast<std::size_t>(id)] =
        add_slot({.kind = Slot::Kind::input, .dtype = given.dtype, .shape = given.shape, .index = i});
  }
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    const Tensor& constant = graph_.values[i].constant;
    if (constant) facts_[i] = {.dtype = constant.dtype(), .shape = constant.shape(), .constant = constant};
  }
}

void PlanBuilder::add_node(std::size_t index) {
  const Node& node = graph_.nodes[index];
  const CompiledNode& compiled = compiled_.nodes[index];
  std::vector<ValueFacts> inputs;
  bool is_dynamic = false;
  for (const ValueId id : node.inputs) {
    inputs.push_back(id == kNoValue ? ValueFacts{} : facts_[static_cast<std::size_t>(id)]);
    is_dynamic = is_dynamic || inputs.back().is_dynamic;
  }
  for (const ValueId id : compiled.captures) is_dynamic = is_dynamic || facts_[static_cast<std::size_t>(id)].is_dynamic;
  if (is_dynamic) {
    add_dynamic_step(index);
    return;
  }
  const OpSite site{node, compiled.opset, inputs, compiled_.services};
  std::vector<ValueFacts> outputs = compiled.spec->infer(site);
  for (std::size_t i = outputs.size(); i < node.outputs.size(); ++i) {
    if (node.outputs[i] != kNoValue) site.unsupported("output {} is not offered", i);
  }
  if (compute_early(node, compiled, inputs, outputs)) {
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) facts_[static_cast<std::size_t>(node.outputs[i])] = std::move(outputs[i]);
    }
    return;
  }
  if (std::ranges::any_of(outputs, &ValueFacts::is_dynamic)) {
    add_dynamic_step(index);
  } else {
    add_static_step(index, site, outputs);
  }
}

bool PlanBuilder::compute_early(const Node& node, const CompiledNode& compiled, std::span<const ValueFacts> inputs,
                                std::vector<ValueFacts>& outputs) {
  const auto is_known = [](const ValueFacts& facts) { return facts.constant || (!facts && !facts.is_dynamic); };
  if (!outputs.empty() && std::ranges::all_of(outputs, is_known)) return true;
  if (!std::ranges::all_of(inputs, is_known) || !compiled.captures.empty()) return false;
  const std::vector<Tensor> values =
      evaluate_node(node, *compiled.spec, compiled.opset, inputs, outputs, compiled_.services);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) outputs[i] = {.dtype = values[i].dtype(), .shape = values[i].shape(), .constant = values[i]};
  }
  return true;
}

void PlanBuilder::add_static_step(std::size_t index, const OpSite& site, const std::vector<ValueFacts>& outputs) {
  const Node& node = graph_.nodes[index];
  const CompiledNode& compiled = compiled_.nodes[index];
  const OpSpec& spec = *compiled.spec;
  const int step_index = static_cast<int>(drafts_.size());
  DraftStep draft;
  for (const ValueId id : node.inputs) draft.inputs.push_back(id == kNoValue ? kNoSlot : slot_of(id));
  for (const ValueId id : compiled.captures) draft.captures.push_back(slot_of(id));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ValueId id = i < node.outputs.size() ? node.outputs[i] : kNoValue;
    if (id == kNoValue) {
      draft.outputs.push_back(kNoSlot);
      continue;
    }
    facts_[static_cast<std::size_t>(id)] = outputs[i];
    if (outputs[i].constant) {
      draft.outputs.push_back(kNoSlot);
      continue;
    }
    draft.outputs.push_back(
        add_slot({.dtype = outputs[i].dtype, .shape = outputs[i].shape, .index = i, .step = step_index}));
    value_slot_[static_cast<std::size_t>(id)] = draft.outputs.back();
  }
  Step step{.node = &node, .compiled = &compiled};
  const bool is_view = spec.is_view && std::ranges::count(draft.outputs, kNoSlot) + 1 == std::ssize(draft.outputs);
  if (is_view) {
    draft.alias_of_input = 0;
    step.kernel = make_view_kernel(outputs[0].shape);
  } else {
    if (spec.make == nullptr) site.unsupported("only its first output is offered");
    step.kernel = spec.make(site);
    draft.may_overwrite = spec.in_place;
    scratch_bytes_ = std::max(scratch_bytes_, step.kernel->scratch_bytes());
  }
  drafts_.push_back(std::move(draft));
  plan_.steps_.push_back(std::move(step));
  finish_step(node);
}

void PlanBuilder::add_dynamic_step(std::size_t index) {
  const Node& node = graph_.nodes[index];
  const int step_index = static_cast<int>(drafts_.size());
  DraftStep draft;
  for (const ValueId id : node.inputs) draft.inputs.push_back(id == kNoValue ? kNoSlot : slot_of(id));
  for (const ValueId id : compiled_.nodes[index].captures) draft.captures.push_back(slot_of(id));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId id = node.outputs[i];
    draft.outputs.push_back(kNoSlot);
    if (id == kNoValue) continue;
    facts_[static_cast<std::size_t>(id)] = {.is_dynamic = true};
    draft.outputs.back() = add_slot({.kind = Slot::Kind::dynamic, .index = i, .step = step_index});
    value_slot_[static_cast<std::size_t>(id)] = draft.outputs.back();
  }
  drafts_.push_back(std::move(draft));
  plan_.steps_.push_back({.node = &node, .compiled = &compiled_.nodes[index], .is_dynamic = true});
  finish_step(node);
}

/// Notes who reads what in the step just added, and which taps it feeds.
void PlanBuilder::finish_step(const Node& node) {
  DraftStep& draft = drafts_.back();
  use_slots(draft, static_cast<int>(drafts_.size()) - 1);
  for (const ValueId id : node.outputs) {
    if (id == kNoValue || value_slot_[static_cast<std::size_t>(id)] == kNoSlot) continue;
    for (const std::size_t tap : compiled_.taps[static_cast<std::size_t>(id)]) {
      draft.taps.emplace_back(tap, value_slot_[static_cast<std::size_t>(id)]);
    }
  }
}

void PlanBuilder::use_slots(const DraftStep& draft, int step) {
  for (const auto* list : {&draft.inputs, &draft.captures, &draft.outputs}) {
    for (const SlotId slot : *list) {
      if (slot != kNoSlot) slots_[static_cast<std::size_t>(slot)].last_use = step;
    }
  }
}

/// The slot of a value; a constant gets one when it is first read.
PlanBuilder::SlotId PlanBuilder::slot_of(ValueId value) {
  SlotId& slot = value_slot_[static_cast<std::size_t>(value)];
  if (slot == kNoSlot) {
    const ValueFacts& facts = facts_[static_cast<std::size_t>(value)];
    if (!facts.constant) fail(ErrorKind::internal, graph_.value(value).name, "the value is read before it is made");
    slot = add_slot(
        {.kind = Slot::Kind::constant, .dtype = facts.dtype, .shape = facts.shape, .index = plan_.constants_.size()});
    plan_.constants_.push_back(facts.constant);
  }
  return slot;
}

PlanBuilder::SlotId PlanBuilder::add_slot(Slot slot) {
  slots_.push_back(std::move(slot));
  return static_cast<SlotId>(slots_.size()) - 1;
}

/// Inputs and values that were computed while planning are reported when a run begins.
void PlanBuilder::add_first_taps() {
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    if (compiled_.taps[i].empty() || (value_slot_[i] == kNoSlot && !facts_[i].constant)) continue;
    const SlotId slot = slot_of(static_cast<ValueId>(i));
    const Slot::Kind kind = slots_[static_cast<std::size_t>(slot)].kind;
    if (kind != Slot::Kind::input && kind != Slot::Kind::constant) continue;
    for (const std::size_t tap : compiled_.taps[i]) first_taps_.emplace_back(tap, slot);
  }
  std::ranges::sort(first_taps_);
}

}  // namespace zeropoint
