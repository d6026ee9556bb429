// Makes a Plan: infers facts node by node, computes what is known early, then places the buffers.
#pragma once

#include <utility>
#include <vector>

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
    Shape shape;
    std::size_t index = 0;   // input, constant: where; planned, dynamic: the output of `step`
    int step = -1;           // who makes it
    int last_use = -1;       // last step that reads it
    int buffer = kNoBuffer;  // planned: which memory
  };

  struct DraftStep {
    std::vector<SlotId> inputs;
    std::vector<SlotId> captures;
    std::vector<SlotId> outputs;
    std::vector<std::pair<std::size_t, SlotId>> taps;
    int alias_of_input = -1;  // output 0 is a view of this input
    int may_overwrite = -1;   // output 0 may take this input's memory
  };

  /// Memory that one or several slots look at.
  struct Buffer {
    std::size_t bytes = 0;
    int first = 0;
    int last = 0;
  };

  void add_inputs();
  void add_node(std::size_t index);
  bool compute_early(const Node& node, const CompiledNode& compiled, std::span<const ValueFacts> inputs,
                     std::vector<ValueFacts>& outputs);
  void add_static_step(std::size_t index, const OpSite& site, const std::vector<ValueFacts>& outputs);
  void add_dynamic_step(std::size_t index);
  void finish_step(const Node& node);
  void add_first_taps();

  SlotId slot_of(ValueId value);
  SlotId add_slot(Slot slot);
  void use_slots(const DraftStep& draft, int step);

  void keep_results();
  void share_buffers();
  bool may_overwrite(const DraftStep& draft, int step) const;
  void place_buffers();
  void connect();
  Tensor* tensor_of(SlotId slot);

  Slot& at(SlotId id) { return slots_[static_cast<std::size_t>(id)]; }
  const Slot& at(SlotId id) const { return slots_[static_cast<std::size_t>(id)]; }
  static bool is_result(const Buffer& buffer);
  static std::size_t bytes_of(const Slot& slot);

  const Compiled& compiled_;
  const Graph& graph_;
  Plan& plan_;
  std::vector<ValueFacts> facts_;   // per value
  std::vector<SlotId> value_slot_;  // per value
  std::vector<Slot> slots_;
  std::vector<DraftStep> drafts_;  // parallel to plan_.steps_
  std::vector<Buffer> buffers_;
  std::vector<std::pair<std::size_t, SlotId>> first_taps_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace zeropoint
