// A compiled model at concrete input shapes: kernels made, buffers placed. run() only computes.
//
// A plan is a list of steps. Each step reads and writes tensors whose addresses were fixed when the
// plan was made, so that a run allocates nothing but what the caller keeps. Behind a value whose
// shape depends on data, steps are made when run() reaches them.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "executor/compiled.h"
#include "executor/fuse.h"
#include "executor/program.h"

namespace zeropoint {

/// Type and shape of one input: what a plan is made for.
struct InputShape {
  DType dtype = DType::undefined;
  Shape shape;

  bool operator==(const InputShape&) const = default;
};

struct Step {
  const Node* node = nullptr;
  const CompiledNode* compiled = nullptr;
  std::unique_ptr<Kernel> kernel;     // null: nothing to compute, or dynamic and not reached yet
  std::vector<const Tensor*> inputs;  // nullptr: absent
  std::vector<Tensor> outputs;        // an absent output is an empty tensor
  std::vector<const Tensor*> captures;
  bool is_dynamic = false;
  std::int64_t runs = 0;  // profile
  double seconds = 0;
  std::vector<ValueFacts> made_for;  // dynamic: the inputs that `kernel` fits

  struct TapPoint {
    std::size_t tap;
    const Tensor* value;
  };
  std::vector<TapPoint> taps;
  std::vector<Tensor*> last_used;  // dynamic tensors that nobody reads after this step
};

class Plan {
 public:
  /// Throws invalid_model or unsupported naming the node. `compiled` must outlive the plan.
  Plan(const Compiled& compiled, std::vector<InputShape> inputs);

  const std::vector<InputShape>& input_shapes() const { return input_shapes_; }
  std::size_t arena_bytes() const { return arena_ ? arena_.bytes() : 0; }

  std::vector<StepTime> step_times() const;

  /// The inputs must have the types and shapes that the plan was made for.
  std::vector<Tensor> run(std::span<const Tensor> inputs, const Tap& tap);

 private:
  friend class PlanBuilder;

  /// Memory of graph outputs: handed to the caller, replaced when the caller still holds it at the next run.
  struct ResultBuffer {
    Tensor block;
    std::vector<Tensor*> tensors;  // windows that begin at its first byte
    long idle_owners = 0;          // use_count when no caller holds the block
  };

  void replace_held_results();
  void run_step(Step& step);
  void run_measured(Step& step);
  void run_dynamic(Step& step);
  bool is_in_arena(const Tensor& tensor) const;
  ValueFacts facts_now(const Tensor* value) const;  // of an input of a dynamic step

  const Compiled* compiled_;
  std::vector<InputShape> input_shapes_;
  std::vector<Tensor> inputs_;
  std::vector<Tensor> constants_;
  FusedNodes fused_;
  std::deque<Node> nodes_;  // with permuted axes
  std::vector<Step> steps_;
  std::vector<Step::TapPoint> first_taps_;  // inputs and constants
  std::vector<const Tensor*> results_;
  std::vector<bool> result_is_shared_;  // an input or a constant: the caller gets a copy
  std::vector<ResultBuffer> result_buffers_;
  Tensor arena_;
  Tensor scratch_;
};

}  // namespace zeropoint
