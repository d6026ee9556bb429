// Makes a Plan: plan_builder.cc infers facts node by node and computes what is known early; fuse.h
// joins nodes; each becomes a step (plan_layout.cc decides in which memory layout it sees its
// tensors); plan_buffers.cc places the memory and connects steps to tensors.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "executor/fuse.h"
#include "executor/layout.h"
#include "executor/plan.h"

namespace zeropoint {

class PlanBuilder {
 public:
  PlanBuilder(const Compiled& compiled, Plan& plan);
  void build();

 private:
  using SlotId = int;
  static constexpr SlotId kNoSlot = -1;
  static constexpr int kNoBuffer = -1;

  /// A tensor of the plan: a value, in one memory layout.
  struct Slot {
    enum class Kind { input, constant, planned, dynamic };
    Kind kind = Kind::planned;
    DType dtype = DType::undefined;
    Shape shape;             // of the memory
    std::size_t index = 0;   // input, constant: where; planned, dynamic: the output of `step`
    int step = -1;           // who makes it
    int last_use = -1;       // last step that reads it
    int buffer = kNoBuffer;  // planned: which memory
  };

  /// The tensors that hold a value; conversions are added when somebody asks for the missing one.
  struct ValueSlots {
    SlotId plain = kNoSlot;
    SlotId channels_last = kNoSlot;

    bool is_only_channels_last() const { return plain == kNoSlot && channels_last != kNoSlot; }
  };

  struct DraftStep {
    std::vector<SlotId> inputs;
    std::vector<SlotId> captures;
    std::vector<SlotId> outputs;
    std::vector<std::pair<std::size_t, SlotId>> taps;
    int alias_of_input = -1;  // output 0 is a view of this input
    int may_overwrite = -1;   // output 0 may take this input's memory
  };

  /// A node as its kernel sees it: tensors may have their axes in another order than in the graph.
  struct Presentation {
    const Node* node = nullptr;
    std::vector<SlotId> inputs;
    std::vector<ValueFacts> facts;
    bool is_channels_last = false;  // that is how elementwise outputs come out
  };

  /// Memory that one or several slots look at.
  struct Buffer {
    std::size_t bytes = 0;
    int first = 0;
    int last = 0;
  };

  // plan_builder.cc
  void add_inputs();
  void infer_node(std::size_t index);
  bool compute_early(const Node& node, const CompiledNode& compiled, std::span<const ValueFacts> inputs,
                     std::vector<ValueFacts>& outputs);
  std::vector<bool> kept_values() const;
  void drop_unread(const std::vector<bool>& is_kept);
  void add_static_step(const WorkItem& item);
  void add_kernel_step(const WorkItem& item, const Presentation& shown, const std::vector<ValueFacts>& outputs);
  void add_dynamic_step(const WorkItem& item);
  void add_taps(const Node& node);
  void add_first_taps();
  void finish_step(DraftStep draft, Step step);
  void use_slots(const DraftStep& draft, int step);
  SlotId add_slot(Slot slot);
  SlotId add_constant_slot(Tensor constant);
  Slot output_slot(DType dtype, Shape shape, std::size_t index) const;

  // plan_layout.cc
  Presentation present(const WorkItem& item, std::vector<ValueFacts>& inputs);
  bool wants_channels_last(const CompiledNode& compiled, const Node& node, std::span<const ValueFacts> inputs) const;
  Presentation present_permuted(const Node& node, const CompiledNode& compiled, std::span<const ValueFacts> inputs);
  bool add_transpose(const Node& node, const ValueFacts& input, const ValueFacts& output);
  SlotId plain_slot(ValueId value);
  SlotId channels_last_slot(ValueId value, std::size_t rank);
  SlotId add_reordered(SlotId from, const Shape& shape, const AxisOrder& order);
  SlotId add_alias(SlotId from, Shape shape);

  // plan_buffers.cc
  void keep_results();
  void share_buffers();
  bool may_overwrite(const DraftStep& draft, int step) const;
  void place_buffers();
  void connect();
  Tensor* tensor_of(SlotId slot);
  static bool is_result(const Buffer& buffer);
  static std::size_t bytes_of(const Slot& slot);

  Slot& at(SlotId id) { return slots_[static_cast<std::size_t>(id)]; }
  const Slot& at(SlotId id) const { return slots_[static_cast<std::size_t>(id)]; }
  ValueFacts& facts(ValueId id) { return facts_[static_cast<std::size_t>(id)]; }
  ValueSlots& slots(ValueId id) { return value_slots_[static_cast<std::size_t>(id)]; }
  const ValueSlots& slots(ValueId id) const { return value_slots_[static_cast<std::size_t>(id)]; }

  const Compiled& compiled_;
  const Graph& graph_;
  Plan& plan_;
  std::vector<ValueFacts> facts_;        // per value
  std::vector<ValueSlots> value_slots_;  // per value
  std::vector<WorkItem> work_;
  std::vector<Slot> slots_;
  std::vector<DraftStep> drafts_;  // parallel to plan_.steps_
  std::vector<Buffer> buffers_;
  std::vector<std::pair<std::size_t, SlotId>> first_taps_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace zeropoint
