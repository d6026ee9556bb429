// In which memory layout a step sees its tensors. Convolutions and pools want channels_last; what
// works on single elements follows its inputs, so that a conversion is needed only where a chain of
// such nodes ends. An elementwise kernel knows nothing of this: it is shown permuted shapes.
#include <algorithm>
#include <utility>

#include "executor/plan_builder.h"

namespace zeropoint {
namespace {

/// Whether axes matter to no input but the first, and no code shares its byte with others, which nothing could reorder.
bool is_first_alone(const Node& node, std::span<const ValueFacts> inputs) {
  if (node.get_int("output_dtype", 0) != 0) return false;  // may say 4 bits, and was not checked yet
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) continue;
    if (bits(inputs[i].dtype) < 8) return false;
    if (i > 0 && (inputs[i].shape.size() > 1 || element_count(inputs[i].shape) != 1)) return false;
  }
  return true;
}

}  // namespace

/// Chooses the layouts and sets `inputs[i].layout`; adds the conversions that are missing.
PlanBuilder::Presentation PlanBuilder::present(const WorkItem& item, std::vector<ValueFacts>& inputs) {
  const Node& node = *item.node;
  const CompiledNode& compiled = *item.compiled;
  if (wants_channels_last(compiled, node, inputs)) return present_permuted(node, compiled, inputs);
  Presentation shown{.node = &node};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const ValueId id = node.inputs[i];
    const bool either = i == 0 && compiled.spec->takes_either_layout && inputs[i] && slots(id).is_only_channels_last();
    const bool wanted = comes_channels_last(*compiled.spec, i, inputs[i]);
    if (either || wanted) inputs[i].layout = Layout::channels_last;
    if (id == kNoValue) {
      shown.inputs.push_back(kNoSlot);
    } else if (inputs[i].layout == Layout::channels_last) {
      shown.inputs.push_back(channels_last_slot(id, inputs[i].shape.size()));
    } else {
      shown.inputs.push_back(plain_slot(id));
    }
  }
  shown.facts = inputs;
  return shown;
}

/// Whether a node that follows its inputs' layout has one that is there in channels_last only.
bool PlanBuilder::wants_channels_last(const CompiledNode& compiled, const Node& node,
                                      std::span<const ValueFacts> inputs) const {
  const OpSpec& spec = *compiled.spec;
  if (!spec.keeps_layout && !spec.has_axis && !(spec.keeps_layout_of_first && is_first_alone(node, inputs)))
    return false;
  std::size_t rank = 0;
  bool is_there = false;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) continue;
    if (inputs[i].shape.size() > rank) is_there = false;
    rank = std::max(rank, inputs[i].shape.size());
    is_there = is_there || (inputs[i].shape.size() == rank && slots(node.inputs[i]).is_only_channels_last());
  }
  return is_there && has_channels_last(rank);
}

PlanBuilder::Presentation PlanBuilder::present_permuted(const Node& node, const CompiledNode& compiled,
                                                        std::span<const ValueFacts> inputs) {
  std::size_t rank = 0;
  for (const ValueFacts& input : inputs) rank = std::max(rank, input.shape.size());
  Presentation shown{.node = &node, .is_channels_last = true};
  if (compiled.spec->has_axis) {
    const std::int64_t axis = node.get_int("axis", compiled.spec->default_axis);
    const auto from_front = static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
    Node& permuted = plan_.nodes_.emplace_back(node);
    permuted.set("axis", static_cast<std::int64_t>(from_channels_last(rank)[from_front]));
    shown.node = &permuted;
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ValueFacts facts = inputs[i];
    if (!facts) {
      shown.inputs.push_back(kNoSlot);
    } else if (facts.shape.size() < rank && element_count(facts.shape) == 1) {
      shown.inputs.push_back(plain_slot(node.inputs[i]));
    } else {
      shown.inputs.push_back(channels_last_slot(node.inputs[i], rank));
      const Slot& slot = at(shown.inputs.back());
      facts.shape = slot.shape;
      if (facts.constant) facts.constant = plan_.constants_[slot.index];
    }
    shown.facts.push_back(std::move(facts));
  }
  return shown;
}

/// A Transpose that reads channels_last memory, or that only names another layout of the same bytes.
bool PlanBuilder::add_transpose(const Node& node, const ValueFacts& input, const ValueFacts& output) {
  if (!node.domain.empty() || node.op_type != "Transpose" || input.constant) return false;
  const std::size_t rank = input.shape.size();
  const ValueSlots from = slots(node.inputs[0]);
  const bool is_channels_last = from.is_only_channels_last();
  AxisOrder order;  // from the input's memory to the output
  for (const std::int64_t axis : node.get_ints("perm")) order.push_back(static_cast<std::size_t>(axis));
  for (std::size_t i = rank; order.size() < rank;) order.push_back(--i);
  if (is_channels_last) {
    const AxisOrder place = from_channels_last(rank);
    for (std::size_t& axis : order) axis = place[axis];
  }
  const SlotId source = is_channels_last ? from.channels_last : plain_slot(node.inputs[0]);
  const Shape memory = at(source).shape;
  ValueSlots& to = slots(node.outputs[0]);
  if (moves_nothing(memory, order)) {
    to.plain = add_alias(source, output.shape);
    return true;
  }
  if (has_channels_last(rank)) {
    AxisOrder order_last;
    for (const std::size_t axis : to_channels_last(rank)) order_last.push_back(order[axis]);
    if (moves_nothing(memory, order_last)) {
      to.channels_last = add_alias(source, reordered(memory, order_last));
      return true;
    }
  }
  if (!is_channels_last) return false;
  to.plain = add_reordered(source, memory, order);
  return true;
}

/// The slot of a value in the graph's own order of axes.
PlanBuilder::SlotId PlanBuilder::plain_slot(ValueId value) {
  if (slots(value).plain != kNoSlot) return slots(value).plain;
  const ValueFacts& known = facts(value);
  SlotId made = kNoSlot;
  if (known.constant) {
    made = add_constant_slot(known.constant);
  } else if (slots(value).channels_last != kNoSlot) {
    const SlotId from = slots(value).channels_last;
    const Shape shape = at(from).shape;  // a copy: add_reordered() makes slots, which may move
    made = add_reordered(from, shape, from_channels_last(known.shape.size()));
  } else {
    fail(ErrorKind::internal, graph_.value(value).name, "the value is read before it is made");
  }
  return slots(value).plain = made;
}

/// The slot of a value as the channels_last form of its shape, padded in front with ones to `rank` axes.
PlanBuilder::SlotId PlanBuilder::channels_last_slot(ValueId value, std::size_t rank) {
  const Shape& shape = facts(value).shape;
  const bool is_full = shape.size() == rank;
  if (is_full && slots(value).channels_last != kNoSlot) return slots(value).channels_last;
  const Shape padded = with_rank(shape, rank);
  const AxisOrder order = to_channels_last(rank);
  const SlotId made = facts(value).constant ? add_constant_slot(reordered(facts(value).constant, padded, order))
                                            : add_reordered(plain_slot(value), padded, order);
  if (is_full) slots(value).channels_last = made;
  return made;
}

/// `from`, seen as `shape`, with its axes in another order: a step that moves elements, or just a view.
PlanBuilder::SlotId PlanBuilder::add_reordered(SlotId from, const Shape& shape, const AxisOrder& order) {
  const Shape target = reordered(shape, order);
  if (moves_nothing(shape, order)) return add_alias(from, target);
  const DType dtype = at(from).dtype;
  const SlotId to = add_slot(output_slot(dtype, target, 0));
  finish_step({.inputs = {from}, .outputs = {to}}, {.kernel = make_reorder(shape, order, dtype)});
  return to;
}

PlanBuilder::SlotId PlanBuilder::add_alias(SlotId from, Shape shape) {
  const SlotId to = add_slot(output_slot(at(from).dtype, shape, 0));
  finish_step({.inputs = {from}, .outputs = {to}, .alias_of_input = 0},
              {.kernel = make_kernel(
                   [shape = std::move(shape)](const KernelIo& io) { io.out(0) = io.in(0).reshaped(shape); })});
  return to;
}

}  // namespace zeropoint
