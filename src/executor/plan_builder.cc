#include "executor/plan_builder.h"

#include <algorithm>

namespace zeropoint {

Plan::Plan(const Compiled& compiled, std::vector<InputShape> inputs)
    : compiled_(&compiled), input_shapes_(std::move(inputs)) {
  PlanBuilder(compiled, *this).build();
}

PlanBuilder::PlanBuilder(const Compiled& compiled, Plan& plan)
    : compiled_(compiled),
      graph_(compiled.graph),
      plan_(plan),
      facts_(graph_.values.size()),
      value_slots_(graph_.values.size()) {}

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
    facts(id) = {.dtype = given.dtype, .shape = given.shape};
    slots(id).plain = add_slot({.kind = Slot::Kind::input, .dtype = given.dtype, .shape = given.shape, .index = i});
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
    inputs.push_back(id == kNoValue ? ValueFacts{} : facts(id));
    is_dynamic = is_dynamic || inputs.back().is_dynamic;
  }
  for (const ValueId id : compiled.captures) is_dynamic = is_dynamic || facts(id).is_dynamic;
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
      if (node.outputs[i] != kNoValue) facts(node.outputs[i]) = std::move(outputs[i]);
    }
    return;
  }
  if (std::ranges::any_of(outputs, &ValueFacts::is_dynamic)) {
    add_dynamic_step(index);
    return;
  }
  if (inputs.empty() || !add_transpose(index, inputs[0], outputs[0])) {
    const Presentation shown = present(index, inputs);
    if (shown.is_channels_last) {
      for (ValueFacts& output : outputs) output.layout = Layout::channels_last;
    } else if (std::ranges::count(inputs, Layout::channels_last, &ValueFacts::layout) > 0) {
      outputs = compiled.spec->infer(site);  // again: the layouts are decided now
    }
    add_static_step(index, shown, outputs);
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    facts(node.outputs[i]) = outputs[i];
    facts(node.outputs[i]).layout = Layout::plain;  // from here on, slots tell
  }
  add_taps(node);
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

void PlanBuilder::add_static_step(std::size_t index, const Presentation& shown,
                                  const std::vector<ValueFacts>& outputs) {
  const Node& node = graph_.nodes[index];
  const CompiledNode& compiled = compiled_.nodes[index];
  const OpSpec& spec = *compiled.spec;
  DraftStep draft{.inputs = shown.inputs};
  for (const ValueId id : compiled.captures) draft.captures.push_back(plain_slot(id));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const ValueId id = i < node.outputs.size() ? node.outputs[i] : kNoValue;
    draft.outputs.push_back(kNoSlot);
    if (id == kNoValue || outputs[i].constant) continue;
    const bool is_last = outputs[i].layout == Layout::channels_last;
    const Shape& shape = outputs[i].shape;
    const Shape memory = is_last ? reordered(shape, to_channels_last(shape.size())) : shape;
    draft.outputs.back() = add_slot(output_slot(outputs[i].dtype, memory, i));
    (is_last ? slots(id).channels_last : slots(id).plain) = draft.outputs.back();
  }
  Step step{.node = &node, .compiled = &compiled};
  const OpSite site{*shown.node, compiled.opset, shown.facts, compiled_.services};
  const auto others_are_absent = [&] { return std::ranges::count(draft.outputs, kNoSlot) + 1 == std::ssize(outputs); };
  if (spec.is_view && others_are_absent()) {
    draft.alias_of_input = 0;
    step.kernel =
        make_kernel([shape = at(draft.outputs[0]).shape](const KernelIo& io) { io.out(0) = io.in(0).reshaped(shape); });
  } else {
    if (spec.make == nullptr) site.unsupported("only its first output is offered");
    step.kernel = spec.make(site);
    draft.may_overwrite = spec.in_place;
    scratch_bytes_ = std::max(scratch_bytes_, step.kernel->scratch_bytes());
  }
  finish_step(std::move(draft), std::move(step));
}

void PlanBuilder::add_dynamic_step(std::size_t index) {
  const Node& node = graph_.nodes[index];
  DraftStep draft;
  for (const ValueId id : node.inputs) draft.inputs.push_back(id == kNoValue ? kNoSlot : plain_slot(id));
  for (const ValueId id : compiled_.nodes[index].captures) draft.captures.push_back(plain_slot(id));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId id = node.outputs[i];
    draft.outputs.push_back(kNoSlot);
    if (id == kNoValue) continue;
    facts(id) = {.is_dynamic = true};
    Slot slot = output_slot(DType::undefined, {}, i);
    slot.kind = Slot::Kind::dynamic;
    draft.outputs.back() = add_slot(std::move(slot));
    slots(id).plain = draft.outputs.back();
  }
  finish_step(std::move(draft), {.node = &node, .compiled = &compiled_.nodes[index], .is_dynamic = true});
  add_taps(node);
}

/// A tap sees the value right after its step, in the graph's own layout.
void PlanBuilder::add_taps(const Node& node) {
  for (const ValueId id : node.outputs) {
    if (id == kNoValue || facts(id).constant) continue;
    for (const std::size_t tap : compiled_.taps[static_cast<std::size_t>(id)]) {
      const SlotId slot = plain_slot(id);
      drafts_.back().taps.emplace_back(tap, slot);
      at(slot).last_use = std::max(at(slot).last_use, static_cast<int>(drafts_.size()) - 1);
    }
  }
}

/// Inputs and values that were computed while planning are reported when a run begins.
void PlanBuilder::add_first_taps() {
  for (std::size_t i = 0; i < graph_.values.size(); ++i) {
    if (compiled_.taps[i].empty()) continue;
    const auto id = static_cast<ValueId>(i);
    const SlotId plain = slots(id).plain;
    const bool is_input = plain != kNoSlot && at(plain).kind == Slot::Kind::input;
    if (!is_input && !facts(id).constant) continue;
    for (const std::size_t tap : compiled_.taps[i]) first_taps_.emplace_back(tap, plain_slot(id));
  }
  std::ranges::sort(first_taps_);
}

void PlanBuilder::finish_step(DraftStep draft, Step step) {
  use_slots(draft, static_cast<int>(drafts_.size()));
  drafts_.push_back(std::move(draft));
  plan_.steps_.push_back(std::move(step));
}

void PlanBuilder::use_slots(const DraftStep& draft, int step) {
  for (const auto* list : {&draft.inputs, &draft.captures, &draft.outputs}) {
    for (const SlotId slot : *list) {
      if (slot != kNoSlot) at(slot).last_use = step;
    }
  }
}

PlanBuilder::SlotId PlanBuilder::add_slot(Slot slot) {
  slots_.push_back(std::move(slot));
  return static_cast<SlotId>(slots_.size()) - 1;
}

PlanBuilder::SlotId PlanBuilder::add_constant_slot(Tensor constant) {
  plan_.constants_.push_back(std::move(constant));
  const Tensor& kept = plan_.constants_.back();
  return add_slot({.kind = Slot::Kind::constant,
                   .dtype = kept.dtype(),
                   .shape = kept.shape(),
                   .index = plan_.constants_.size() - 1});
}

/// The slot of output `index` of the step that is added next.
PlanBuilder::Slot PlanBuilder::output_slot(DType dtype, Shape shape, std::size_t index) const {
  return {.dtype = dtype, .shape = std::move(shape), .index = index, .step = static_cast<int>(drafts_.size())};
}

}  // namespace zeropoint
