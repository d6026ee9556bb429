#include <string>

#include "base/interrupt.h"
#include "kernels/movement/strided_copy.h"
#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/stacking.h"

namespace zeropoint {
namespace {

constexpr std::int64_t kBackward = 1;

/// How many values there are of each kind; inputs are states, then sequences; outputs are states, then stacks.
struct Counts {
  std::size_t states, sequences, stacks;
};

/// Opset 8 has the lengths of the sequences as input 0 and a batch axis in front of everything.
bool is_batched(const OpSite& site) { return site.opset < 9; }

Counts counts_of(const OpSite& site) {
  const std::size_t inputs = site.inputs.size() - (is_batched(site) && !site.inputs.empty() ? 1 : 0);
  const std::int64_t sequences = site.node.get_int("num_scan_inputs", 0);
  if (sequences < 1 || sequences > static_cast<std::int64_t>(inputs)) {
    site.invalid("num_scan_inputs is {} for {} inputs", sequences, inputs);
  }
  const std::size_t states = inputs - static_cast<std::size_t>(sequences);
  if (site.node.outputs.size() < states) {
    site.invalid("{} states but {} outputs", states, site.node.outputs.size());
  }
  return {states, static_cast<std::size_t>(sequences), site.node.outputs.size() - states};
}

std::vector<ValueFacts> infer(const OpSite& site) {
  counts_of(site);
  return declared_outputs(site, "body", 0, site.node.outputs.size());
}

/// Reads slices along an axis.
struct Sequence {
  Shape slice_shape;
  std::int64_t length = 0;
  std::size_t step_bytes = 0;
  bool is_backward = false;
  StridedCopy copy;

  Tensor slice(const Tensor& from, std::int64_t step, std::int64_t steps) const {
    Tensor to = Tensor::allocate(from.dtype(), slice_shape);
    const auto at = static_cast<std::size_t>(is_backward ? steps - 1 - step : step);
    copy.run(to.mutable_raw(), static_cast<const std::byte*>(from.raw()) + at * step_bytes);
    return to;
  }
};

Sequence make_sequence(const OpSite& site, DType dtype, const Shape& shape, std::int64_t axis, bool is_backward) {
  const auto at = static_cast<std::ptrdiff_t>(positive_axis(site, axis, static_cast<std::int64_t>(shape.size())));
  const std::size_t size = element_bytes(site, dtype);
  Shape strides = row_major_strides(shape);
  Sequence sequence{.slice_shape = shape, .length = shape[static_cast<std::size_t>(at)], .is_backward = is_backward};
  sequence.step_bytes = static_cast<std::size_t>(strides[static_cast<std::size_t>(at)]) * size;
  sequence.slice_shape.erase(sequence.slice_shape.begin() + at);
  strides.erase(strides.begin() + at);
  sequence.copy = StridedCopy(sequence.slice_shape, row_major_strides(sequence.slice_shape), strides, size);
  return sequence;
}

/// A list attribute with one number per sequence or stack, 0 by default.
std::vector<std::int64_t> flags(const OpSite& site, std::string_view attribute, std::size_t count) {
  std::vector<std::int64_t> values = site.node.get_ints(attribute, std::vector<std::int64_t>(count, 0));
  if (values.size() != count) site.invalid("{} has {} numbers; {} are expected", attribute, values.size(), count);
  return values;
}

class Scan final : public Kernel {
 public:
  explicit Scan(const OpSite& site)
      : where_(site.node.label),
        graph_(site.node.get_graph("body")),
        body_(site.subgraph("body")),
        counts_(counts_of(site)),
        batched_(is_batched(site)) {
    if (body_->input_count() != counts_.states + counts_.sequences) {
      site.invalid("the body has {} inputs; {} are expected", body_->input_count(), counts_.states + counts_.sequences);
    }
    const auto directions = flags(site, batched_ ? "directions" : "scan_input_directions", counts_.sequences);
    const auto axes = flags(site, "scan_input_axes", counts_.sequences);
    first_ = batched_ ? 1 : 0;
    for (std::size_t i = first_; i < site.inputs.size(); ++i) site.input(i);  // none may be absent
    for (std::size_t i = 0; i < counts_.sequences; ++i) {
      const ValueFacts& x = site.input(first_ + counts_.states + i);
      Shape shape = x.shape;
      if (batched_ && !shape.empty()) {
        batch_ = shape[0];
        shape.erase(shape.begin());
      }
      sequences_.push_back(make_sequence(site, x.dtype, shape, axes[i], directions[i] == kBackward));
      if (sequences_[i].length != sequences_[0].length) {
        site.invalid("the sequences have {} and {} steps", sequences_[0].length, sequences_[i].length);
      }
    }
    check_batch(site);
    output_axes_ = flags(site, "scan_output_axes", counts_.stacks);
    output_directions_ = flags(site, "scan_output_directions", counts_.stacks);
  }

  void run(const KernelIo& io) override {
    if (!batched_) {
      std::vector<Tensor> inputs;
      for (const Tensor* input : io.inputs) inputs.push_back(*input);
      std::vector<Tensor> results = scan(io, inputs, sequences_[0].length);
      for (std::size_t i = 0; i < io.outputs.size(); ++i) io.out(i) = detached(io, results[i]);
      return;
    }
    std::vector<SliceStack> outputs(io.outputs.size(), SliceStack(where_));
    for (std::int64_t b = 0; b < batch_; ++b) {
      std::vector<Tensor> inputs;
      for (std::size_t i = first_; i < io.inputs.size(); ++i) inputs.push_back(entry(io.in(i), b));
      std::vector<Tensor> results = scan(io, inputs, length_of(io, b));
      for (std::size_t i = 0; i < results.size(); ++i) outputs[i].push(results[i]);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].is_empty()) fail(ErrorKind::unsupported, where_, "an empty batch is not offered");
      io.out(i) = outputs[i].stack(0, false);
    }
  }

 private:
  void check_batch(const OpSite& site) const {
    for (std::size_t i = first_; batched_ && i < site.inputs.size(); ++i) {
      if (site.input(i).shape.empty() || site.input(i).shape[0] != batch_) {
        site.invalid("input {} has shape {}; a batch of {} is expected", i, to_string(site.input(i).shape), batch_);
      }
      element_bytes(site, site.input(i).dtype);
    }
    if (site.has(0) && batched_ && (site.input(0).dtype != DType::i64 || site.input(0).shape != Shape{batch_})) {
      site.invalid("sequence_lens must be int64 of shape [{}]", batch_);
    }
  }

  /// Entry b of the batch, without the batch axis.
  static Tensor entry(const Tensor& batch, std::int64_t b) {
    const Shape shape(batch.shape().begin() + 1, batch.shape().end());
    const std::size_t bytes = storage_bytes(batch.dtype(), element_count(shape));
    return Tensor::view(batch.dtype(), shape,
                        static_cast<const std::byte*>(batch.raw()) + static_cast<std::size_t>(b) * bytes);
  }

  std::int64_t length_of(const KernelIo& io, std::int64_t b) const {
    const std::int64_t most = sequences_[0].length;
    if (!io.has(0)) return most;
    const std::int64_t length = io.in(0).data<std::int64_t>()[b];
    if (length < 0 || length > most) {
      fail(ErrorKind::invalid_data, where_, "sequence {} has length {}, outside [0, {}]", b, length, most);
    }
    return length;
  }

  /// The final states and the stacked slices. Slices of a sequence shorter than the longest are followed by zeros.
  std::vector<Tensor> scan(const KernelIo& io, const std::vector<Tensor>& inputs, std::int64_t steps) {
    const auto states_end = inputs.begin() + static_cast<std::ptrdiff_t>(counts_.states);
    std::vector<Tensor> states(inputs.begin(), states_end);
    std::vector<SliceStack> stacks(counts_.stacks, SliceStack(where_));
    for (std::int64_t step = 0; step < steps; ++step) {
      check_interrupt();
      std::vector<Tensor> body_inputs = states;
      for (std::size_t i = 0; i < counts_.sequences; ++i) {
        body_inputs.push_back(sequences_[i].slice(inputs[counts_.states + i], step, steps));
      }
      std::vector<Tensor> results = body_->run(body_inputs, io);
      for (std::size_t i = 0; i < counts_.stacks; ++i) stacks[i].push(results[counts_.states + i]);
      results.resize(counts_.states);
      states = std::move(results);
    }
    std::vector<Tensor> results = std::move(states);
    for (std::size_t i = 0; i < counts_.stacks; ++i) {
      if (stacks[i].is_empty()) {
        results.push_back(empty_stack(*graph_, counts_.states + i, output_axes_[i], where_));
        continue;
      }
      const Tensor zeros = Tensor::zeros(stacks[i].dtype(), stacks[i].slice_shape());
      for (std::int64_t step = steps; step < sequences_[0].length; ++step) stacks[i].push(zeros);
      results.push_back(stacks[i].stack(output_axes_[i], output_directions_[i] == kBackward));
    }
    return results;
  }

  std::string where_;
  std::shared_ptr<Graph> graph_;
  std::shared_ptr<Subgraph> body_;
  Counts counts_;
  bool batched_;
  std::size_t first_ = 0;  // input where the states begin
  std::int64_t batch_ = 1;
  std::vector<Sequence> sequences_;
  std::vector<std::int64_t> output_axes_;
  std::vector<std::int64_t> output_directions_;
};

std::unique_ptr<Kernel> make(const OpSite& site) { return std::make_unique<Scan>(site); }

constexpr OpSpec kOps[] = {
    {.op_type = "Scan", .since = 8, .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_scan() { return kOps; }

}  // namespace zeropoint
