#include <string>

#include "base/interrupt.h"
#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/stacking.h"

namespace zeropoint {
namespace {

constexpr std::size_t kCarried = 2;  // inputs: trip count, condition, then what the iterations carry along

std::size_t carried_count(const OpSite& site) {
  return site.inputs.size() < kCarried ? 0 : site.inputs.size() - kCarried;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.has(0) && (site.input(0).dtype != DType::i64 || element_count(site.input(0).shape) != 1)) {
    site.invalid("the trip count is not one int64");
  }
  if (site.has(1) && (site.input(1).dtype != DType::boolean || element_count(site.input(1).shape) != 1)) {
    site.invalid("the condition is not one bool");
  }
  if (site.node.outputs.size() < carried_count(site)) {
    site.invalid("{} values are carried along but there are {} outputs", carried_count(site), site.node.outputs.size());
  }
  return declared_outputs(site, "body", 1, site.node.outputs.size());
}

/// body(iteration, condition, carried...) gives (condition, carried..., slices...); slices are stacked along axis 0.
class Loop final : public Kernel {
 public:
  explicit Loop(const OpSite& site)
      : where_(site.node.label),
        graph_(site.node.get_graph("body")),
        body_(site.subgraph("body")),
        carried_(carried_count(site)) {
    for (std::size_t i = 0; i < carried_; ++i) site.input(kCarried + i);  // none may be absent
    if (body_->input_count() != carried_ + kCarried) {
      site.invalid("the body has {} inputs; {} are expected", body_->input_count(), carried_ + kCarried);
    }
  }

  void run(const KernelIo& io) override {
    const bool has_condition = io.has(1);
    const std::int64_t trips = io.has(0) ? io.in(0).data<std::int64_t>()[0] : INT64_MAX;
    bool goes_on = !has_condition || io.in(1).data<bool>()[0];
    std::vector<Tensor> values(carried_ + kCarried);
    for (std::size_t i = 0; i < carried_; ++i) values[kCarried + i] = io.in(kCarried + i);
    std::vector<SliceStack> stacks(io.outputs.size() - carried_, SliceStack(where_));

    for (std::int64_t trip = 0; trip < trips && goes_on; ++trip) {
      check_interrupt();
      values[0] = Tensor::scalar(trip);
      values[1] = Tensor::scalar(goes_on);
      std::vector<Tensor> results = body_->run(values, io);
      if (has_condition) goes_on = condition(results[0]);
      for (std::size_t i = 0; i < carried_; ++i) values[kCarried + i] = std::move(results[1 + i]);
      for (std::size_t i = 0; i < stacks.size(); ++i) stacks[i].push(results[1 + carried_ + i]);
    }
    for (std::size_t i = 0; i < carried_; ++i) io.out(i) = detached(io, values[kCarried + i]);
    for (std::size_t i = 0; i < stacks.size(); ++i) {
      io.out(carried_ + i) =
          stacks[i].is_empty() ? empty_stack(*graph_, 1 + carried_ + i, 0, where_) : stacks[i].stack(0, false);
    }
  }

 private:
  bool condition(const Tensor& result) const {
    if (result.dtype() != DType::boolean || result.size() != 1) {
      fail(ErrorKind::invalid_model, where_, "the body's condition is not one bool");
    }
    return result.data<bool>()[0];
  }

  std::string where_;
  std::shared_ptr<Graph> graph_;
  std::shared_ptr<Subgraph> body_;
  std::size_t carried_;
};

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<Loop>(site); }

constexpr OpSpec kOps[] = {
    {.op_type = "Loop", .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_loop() { return kOps; }

}  // namespace zeropoint
