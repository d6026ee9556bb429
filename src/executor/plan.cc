#include "executor/plan.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>

#include "base/interrupt.h"
#include "executor/layout.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kLargestShapeLikeInput = 4096;  // elements; larger inputs are data, not parameters

bool same_bytes(const Tensor& a, const Tensor& b) {
  if (!a || !b) return !a && !b;
  if (a.raw() == b.raw()) return true;
  if (a.dtype() != b.dtype() || a.size() != b.size()) return false;
  if (a.dtype() == DType::string) return a.strings() == b.strings();
  return std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

bool same_facts(const ValueFacts& a, const ValueFacts& b) {
  return a.dtype == b.dtype && a.shape == b.shape && same_bytes(a.constant, b.constant);
}

std::byte* scratch_of(Tensor& scratch) { return scratch ? scratch.mutable_data<std::byte>() : nullptr; }

}  // namespace

std::vector<Tensor> Plan::run(std::span<const Tensor> inputs, const Tap& tap) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i] = inputs[i];
  replace_held_results();
  if (tap) {
    for (const Step::TapPoint& point : first_taps_) tap(point.tap, *point.value);
  }
  for (Step& step : steps_) {
    check_interrupt();
    compiled_->profile ? run_measured(step) : run_step(step);
    if (tap) {
      for (const Step::TapPoint& point : step.taps) tap(point.tap, *point.value);
    }
    for (Tensor* dead : step.last_used) *dead = Tensor();
  }
  std::vector<Tensor> results;
  results.reserve(results_.size());
  for (std::size_t i = 0; i < results_.size(); ++i) {
    results.push_back(result_is_shared_[i] ? results_[i]->clone() : *results_[i]);
  }
  for (Tensor& input : inputs_) input = Tensor();
  return results;
}

void Plan::run_step(Step& step) {
  if (step.is_dynamic) {
    run_dynamic(step);
  } else if (step.kernel) {
    step.kernel->run({step.inputs, step.outputs, scratch_of(scratch_), step.captures});
  }
}

void Plan::run_measured(Step& step) {
  const auto begin = std::chrono::steady_clock::now();
  run_step(step);
  step.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ++step.runs;
}

std::vector<StepTime> Plan::step_times() const {
  std::vector<StepTime> times;
  for (const Step& step : steps_) {
    if (step.runs == 0 || (!step.kernel && !step.is_dynamic)) continue;
    const std::string domain = step.node == nullptr || step.node->domain.empty() ? "" : step.node->domain + ".";
    times.push_back({.node = step.node == nullptr ? "layout" : step.node->label,
                     .op_type = step.node == nullptr ? "layout" : domain + step.node->op_type,
                     .runs = step.runs,
                     .seconds = step.seconds});
  }
  return times;
}

void Plan::replace_held_results() {
  for (ResultBuffer& buffer : result_buffers_) {
    if (buffer.block.owner().use_count() == buffer.idle_owners) {
      std::atomic_thread_fence(std::memory_order_acquire);  // the caller's last reads happened before
      continue;
    }
    buffer.block = Tensor::allocate(DType::u8, buffer.block.shape());
    for (Tensor* tensor : buffer.tensors) {
      *tensor =
          Tensor::mutable_view(tensor->dtype(), tensor->shape(), buffer.block.mutable_raw(), buffer.block.owner());
    }
  }
}

ValueFacts Plan::facts_now(const Tensor* value) const {
  if (value == nullptr) return {};
  ValueFacts facts{.dtype = value->dtype(), .shape = value->shape()};
  const bool is_constant = !constants_.empty() && &constants_.front() <= value && value <= &constants_.back();
  if (is_constant) {
    facts.constant = *value;
  } else if (value->rank() <= 1 && value->size() <= kLargestShapeLikeInput) {
    facts.constant = value->clone();
  }
  return facts;
}

/// The plan gives the arena's memory to other values after the last use that it knows; a view made at run time is none.
bool Plan::is_in_arena(const Tensor& tensor) const {
  const auto* begin = static_cast<const std::byte*>(arena_ ? arena_.raw() : nullptr);
  const auto* at = static_cast<const std::byte*>(tensor.raw());
  return begin != nullptr && std::less_equal<>()(begin, at) && std::less<>()(at, begin + arena_.bytes());
}

void Plan::run_dynamic(Step& step) {
  std::vector<ValueFacts> facts;
  for (const Tensor* value : step.inputs) facts.push_back(facts_now(value));
  const OpSpec& spec = *step.compiled->spec;
  const OpSite site{*step.node, step.compiled->opset, facts, compiled_->services};
  const std::vector<ValueFacts> outputs = spec.infer(site);
  if (spec.is_view && outputs.size() == 1 && !outputs[0].is_dynamic) {
    const Tensor view = step.inputs[0]->reshaped(outputs[0].shape);
    step.outputs[0] = is_in_arena(view) ? view.clone() : view;
    return;
  }
  if (!step.kernel || !std::ranges::equal(facts, step.made_for, same_facts)) {
    step.kernel = make_plain_kernel(spec, site);
    step.made_for = facts;
  }
  std::vector<Tensor> made(std::max(outputs.size(), step.outputs.size()));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const bool is_wanted = i < step.node->outputs.size() && step.node->outputs[i] != kNoValue;
    if (outputs[i].constant) {
      made[i] = outputs[i].constant;
    } else if (is_wanted && !outputs[i].is_dynamic) {
      made[i] = Tensor::allocate(outputs[i].dtype, outputs[i].shape);
    }
  }
  const std::size_t scratch_bytes = step.kernel->scratch_bytes();
  if (scratch_bytes > (scratch_ ? scratch_.bytes() : 0)) {
    scratch_ = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(scratch_bytes)});
  }
  step.kernel->run({step.inputs, made, scratch_of(scratch_), step.captures});
  for (std::size_t i = 0; i < step.outputs.size(); ++i) {
    const bool is_wanted = step.node->outputs[i] != kNoValue;
    if (is_wanted && !made[i]) fail(ErrorKind::internal, step.node->label, "output {} was not computed", i);
    if (is_wanted) step.outputs[i] = std::move(made[i]);
  }
}

}  // namespace zeropoint
