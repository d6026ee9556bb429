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
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) infer_node(i);
  const std::vector<bool> is_kept = kept_values();
  drop_unread(is_kept);
  if (compiled_.fuse) fuse(work_, facts_, is_kept, plan_.fused_);
  for (const WorkItem& item : work_) item.is_dynamic ? add_dynamic_step(item) : add_static_step(item);
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

/// Finds out what the node's outputs are; unless they are known already, it becomes work.
void PlanBuilder::infer_node(std::size_t index) {
  const Node& node = graph_.nodes[index];
  const CompiledNode& compiled = compiled_.nodes[index];
  WorkItem item{.node = &node, .compiled = &compiled};
  std::vector<ValueFacts> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(id == kNoValue ? ValueFacts{} : facts(id));
  item.is_dynamic = std::ranges::any_of(inputs, &ValueFacts::is_dynamic) ||
                    std::ranges::any_of(compiled.captures, [&](ValueId id) { return facts(id).is_dynamic; });
  bool is_known = false;
  if (!item.is_dynamic) {
    const OpSite site{node, compiled.opset, inputs, compiled_.services};
    item.outputs = compiled.spec->infer(site);
    for (std::size_t i = item.outputs.size(); i < node.outputs.size(); ++i) {
      if (node.outputs[i] != kNoValue) site.unsupported("output {} is not offered", i);
    }
    is_known = compute_early(node, compiled, inputs, item.outputs);
    item.is_dynamic = !is_known && std::ranges::any_of(item.outputs, &ValueFacts::is_dynamic);
  }
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] == kNoValue) continue;
    facts(node.outputs[i]) = item.is_dynamic ? ValueFacts{.is_dynamic = true} : item.outputs[i];
  }
  if (!is_known) work_.push_back(std::move(item));
}

/// Values that are read from outside the plan's steps.
std::vector<bool> PlanBuilder::kept_values() const {
  std::vector<bool> is_kept(graph_.values.size());
  for (std::size_t i = 0; i < is_kept.size(); ++i) is_kept[i] = !compiled_.taps[i].empty();
  for (const ValueId id : graph_.outputs) is_kept[static_cast<std::size_t>(id)] = true;
  return is_kept;
}

/// Nodes whose outputs nobody reads, now that shapes and constants are known.
void PlanBuilder::drop_unread(const std::vector<bool>& is_kept) {
  std::vector<bool> is_read = is_kept;
  std::vector<bool> is_dropped(work_.size());
  for (std::size_t i = work_.size(); i-- > 0;) {
    const WorkItem& item = work_[i];
    is_dropped[i] = std::ranges::none_of(
        item.node->outputs, [&](ValueId id) { return id != kNoValue && is_read[static_cast<std::size_t>(id)]; });
    if (is_dropped[i]) continue;
    for (const auto* list : {&item.node->inputs, &item.compiled->captures}) {
      for (const ValueId id : *list) {
        if (id != kNoValue) is_read[static_cast<std::size_t>(id)] = true;
      }
    }
  }
  std::size_t i = 0;
  std::erase_if(work_, [&](const WorkItem&) { return is_dropped[i++]; });
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

void PlanBuilder::add_static_step(const WorkItem& item) {
  std::vector<ValueFacts> inputs;
  for (const ValueId id : item.node->inputs) inputs.push_back(id == kNoValue ? ValueFacts{} : facts(id));
  if (!inputs.empty() && add_transpose(*item.node, inputs[0], item.outputs[0])) {
    add_taps(*item.node);
    return;
  }
  std::vector<ValueFacts> outputs = item.outputs;
  const Presentation shown = present(item, inputs);
  if (shown.is_channels_last) {
    for (ValueFacts& output : outputs) output.layout = Layout::channels_last;
  } else if (std::ranges::count(inputs, Layout::channels_last, &ValueFacts::layout) > 0) {
    outputs = item.compiled->spec->infer({*item.node, item.compiled->opset, inputs, compiled_.services});
  }
  add_kernel_step(item, shown, outputs);
  add_taps(*item.node);
}

void PlanBuilder::add_kernel_step(const WorkItem& item, const Presentation& shown,
                                  const std::vector<ValueFacts>& outputs) {
  const Node& node = *item.node;
  const OpSpec& spec = *item.compiled->spec;
  DraftStep draft{.inputs = shown.inputs};
  for (const ValueId id : item.compiled->captures) draft.captures.push_back(plain_slot(id));
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
  Step step{.node = &node, .compiled = item.compiled};
  const OpSite site{*shown.node, item.compiled->opset, shown.facts, compiled_.services};
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

void PlanBuilder::add_dynamic_step(const WorkItem& item) {
  const Node& node = *item.node;
  DraftStep draft;
  for (const ValueId id : node.inputs) draft.inputs.push_back(id == kNoValue ? kNoSlot : plain_slot(id));
  for (const ValueId id : item.compiled->captures) draft.captures.push_back(plain_slot(id));
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const ValueId id = node.outputs[i];
    draft.outputs.push_back(kNoSlot);
    if (id == kNoValue) continue;
    Slot slot = output_slot(DType::undefined, {}, i);
    slot.kind = Slot::Kind::dynamic;
    draft.outputs.back() = add_slot(std::move(slot));
    slots(id).plain = draft.outputs.back();
  }
  finish_step(std::move(draft), {.node = &node, .compiled = item.compiled, .is_dynamic = true});
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
