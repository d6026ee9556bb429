// The second half of PlanBuilder: which slots share memory, where the memory lies, and the wiring
// of steps to tensors.
#include <algorithm>
#include <limits>

#include "executor/memory_plan.h"
#include "executor/plan_builder.h"

namespace zeropoint {
namespace {

constexpr int kForever = std::numeric_limits<int>::max();

}  // namespace

/// Graph outputs are read after the last step.
void PlanBuilder::keep_results() {
  for (const ValueId id : graph_.outputs) at(plain_slot(id)).last_use = kForever;
}

/// Views live in their input's buffer, and an output may overwrite an input that nobody reads afterwards.
void PlanBuilder::share_buffers() {
  for (int step = 0; step < std::ssize(drafts_); ++step) {
    const DraftStep& draft = drafts_[static_cast<std::size_t>(step)];
    for (std::size_t i = 0; i < draft.outputs.size(); ++i) {
      const SlotId id = draft.outputs[i];
      if (id == kNoSlot || at(id).kind != Slot::Kind::planned || at(id).dtype == DType::string) continue;
      Slot& slot = at(id);
      const bool is_view = i == 0 && draft.alias_of_input >= 0;
      if (is_view) {
        slot.buffer = at(draft.inputs[static_cast<std::size_t>(draft.alias_of_input)]).buffer;
        if (slot.buffer == kNoBuffer) continue;  // of a graph input, whose memory comes with each run
      } else if (i == 0 && may_overwrite(draft, step)) {
        slot.buffer = at(draft.inputs[static_cast<std::size_t>(draft.may_overwrite)]).buffer;
      } else {
        slot.buffer = static_cast<int>(buffers_.size());
        buffers_.push_back({.bytes = bytes_of(slot), .first = step});
      }
      Buffer& buffer = buffers_[static_cast<std::size_t>(slot.buffer)];
      buffer.last = std::max(buffer.last, slot.last_use);
    }
  }
}

bool PlanBuilder::may_overwrite(const DraftStep& draft, int step) const {
  if (draft.may_overwrite < 0 || draft.may_overwrite >= std::ssize(draft.inputs)) return false;
  const SlotId id = draft.inputs[static_cast<std::size_t>(draft.may_overwrite)];
  if (id == kNoSlot || at(id).buffer == kNoBuffer || std::ranges::count(draft.inputs, id) != 1) return false;
  const Buffer& buffer = buffers_[static_cast<std::size_t>(at(id).buffer)];
  return buffer.last == step && bytes_of(at(id)) == bytes_of(at(draft.outputs[0]));
}

void PlanBuilder::place_buffers() {
  std::vector<BufferNeed> needs;
  for (const Buffer& buffer : buffers_) {
    needs.push_back({.bytes = is_result(buffer) ? 0 : buffer.bytes, .first = buffer.first, .last = buffer.last});
  }
  const MemoryPlan memory = plan_memory(needs);
  const auto bytes_tensor = [](std::size_t bytes) {
    return Tensor::allocate(DType::u8, {static_cast<std::int64_t>(bytes)});
  };
  if (memory.bytes > 0) plan_.arena_ = bytes_tensor(memory.bytes);
  if (scratch_bytes_ > 0) plan_.scratch_ = bytes_tensor(scratch_bytes_);

  std::vector<std::byte*> address(buffers_.size());
  std::vector<std::size_t> result_index(buffers_.size());
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    if (is_result(buffers_[i])) {
      result_index[i] = plan_.result_buffers_.size();
      plan_.result_buffers_.push_back({.block = bytes_tensor(buffers_[i].bytes)});
      address[i] = plan_.result_buffers_.back().block.mutable_data<std::byte>();
    } else if (memory.bytes > 0) {
      address[i] = plan_.arena_.mutable_data<std::byte>() + memory.offsets[i];
    }
  }

  for (std::size_t i = 0; i < drafts_.size(); ++i) plan_.steps_[i].outputs.resize(drafts_[i].outputs.size());
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.kind != Slot::Kind::planned) continue;
    Tensor& tensor = *tensor_of(static_cast<SlotId>(i));
    if (slot.dtype == DType::string) tensor = Tensor::allocate(slot.dtype, slot.shape);
    if (slot.buffer == kNoBuffer) continue;
    const auto buffer = static_cast<std::size_t>(slot.buffer);
    std::shared_ptr<const void> owner;
    if (is_result(buffers_[buffer])) {
      Plan::ResultBuffer& result = plan_.result_buffers_[result_index[buffer]];
      owner = result.block.owner();
      result.tensors.push_back(&tensor);
    }
    tensor = Tensor::mutable_view(slot.dtype, slot.shape, address[buffer], std::move(owner));
  }
  for (Plan::ResultBuffer& result : plan_.result_buffers_) result.idle_owners = result.block.owner().use_count();
}

void PlanBuilder::connect() {
  plan_.inputs_.resize(graph_.inputs.size());
  const auto tensors = [&](const std::vector<SlotId>& ids) {
    std::vector<const Tensor*> list;
    for (const SlotId id : ids) list.push_back(id == kNoSlot ? nullptr : tensor_of(id));
    return list;
  };
  for (std::size_t i = 0; i < drafts_.size(); ++i) {
    const DraftStep& draft = drafts_[i];
    Step& step = plan_.steps_[i];
    step.inputs = tensors(draft.inputs);
    step.captures = tensors(draft.captures);
    for (const auto& [tap, slot] : draft.taps) step.taps.push_back({tap, tensor_of(slot)});
    const bool is_placed_view = draft.alias_of_input >= 0 && at(draft.outputs[0]).buffer != kNoBuffer;
    if (is_placed_view) step.kernel = nullptr;
  }
  for (const auto& [tap, slot] : first_taps_) plan_.first_taps_.push_back({tap, tensor_of(slot)});
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.kind == Slot::Kind::dynamic && slot.last_use != kForever) {
      plan_.steps_[static_cast<std::size_t>(slot.last_use)].last_used.push_back(tensor_of(static_cast<SlotId>(i)));
    }
  }
  for (const ValueId id : graph_.outputs) {
    const Slot& slot = at(plain_slot(id));
    plan_.results_.push_back(tensor_of(plain_slot(id)));
    plan_.result_is_shared_.push_back(slot.kind != Slot::Kind::dynamic && slot.buffer == kNoBuffer);
  }
}

Tensor* PlanBuilder::tensor_of(SlotId id) {
  const Slot& slot = at(id);
  switch (slot.kind) {
    case Slot::Kind::input:
      return &plan_.inputs_[slot.index];
    case Slot::Kind::constant:
      return &plan_.constants_[slot.index];
    case Slot::Kind::planned:
    case Slot::Kind::dynamic:
      return &plan_.steps_[static_cast<std::size_t>(slot.step)].outputs[slot.index];
  }
  fail(ErrorKind::internal, "plan", "a slot of no kind");
}

bool PlanBuilder::is_result(const Buffer& buffer) { return buffer.last == kForever; }

std::size_t PlanBuilder::bytes_of(const Slot& slot) { return storage_bytes(slot.dtype, element_count(slot.shape)); }

}  // namespace zeropoint
