#include "executor/layout.h"

#include <numeric>

#include "kernels/movement/strided_copy.h"

namespace zeropoint {
namespace {

constexpr std::size_t kLowestRank = 3;
constexpr std::size_t kHighestRank = 5;

StridedCopy copy_in_order(const Shape& shape, const AxisOrder& order, DType dtype) {
  const Shape to = reordered(shape, order);
  return {to, row_major_strides(to), reordered(row_major_strides(shape), order), storage_bytes(dtype, 1)};
}

/// Shows tensors to a kernel in the layouts that it was made for.
class ConvertingKernel final : public Kernel {
 public:
  ConvertingKernel(std::unique_ptr<Kernel> kernel, std::vector<ValueFacts> inputs, std::vector<ValueFacts> outputs)
      : kernel_(std::move(kernel)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

  void run(const KernelIo& io) override {
    std::vector<Tensor> converted(inputs_.size());
    std::vector<const Tensor*> inputs(io.inputs.begin(), io.inputs.end());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      if (inputs_[i].layout != Layout::channels_last) continue;
      const Shape& shape = inputs_[i].shape;
      converted[i] = reordered(io.in(i), shape, to_channels_last(shape.size()));
      inputs[i] = &converted[i];
    }
    std::vector<Tensor> outputs(io.outputs.begin(), io.outputs.end());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i] || outputs_[i].layout != Layout::channels_last) continue;
      const Shape& shape = outputs_[i].shape;
      outputs[i] = Tensor::allocate(outputs_[i].dtype, reordered(shape, to_channels_last(shape.size())));
    }
    kernel_->run({inputs, outputs, io.scratch, io.captures});
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!outputs[i] || outputs_[i].layout != Layout::channels_last) continue;
      const AxisOrder back = from_channels_last(outputs[i].shape().size());
      copy_in_order(outputs[i].shape(), back, outputs[i].dtype()).run(io.out(i).mutable_raw(), outputs[i].raw());
    }
  }

  std::size_t scratch_bytes() const override { return kernel_->scratch_bytes(); }

 private:
  std::unique_ptr<Kernel> kernel_;
  std::vector<ValueFacts> inputs_;
  std::vector<ValueFacts> outputs_;
};

}  // namespace

bool comes_channels_last(const OpSpec& spec, std::size_t index, const ValueFacts& input) {
  return (spec.channels_last_inputs >> index & 1U) != 0 && has_channels_last(input.shape.size()) && input;
}

std::unique_ptr<Kernel> make_plain_kernel(const OpSpec& spec, const OpSite& site) {
  if (spec.channels_last_inputs == 0) return spec.make(site);
  std::vector<ValueFacts> inputs(site.inputs.begin(), site.inputs.end());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (comes_channels_last(spec, i, inputs[i])) inputs[i].layout = Layout::channels_last;
  }
  const OpSite shown{site.node, site.opset, inputs, site.services};
  std::unique_ptr<Kernel> kernel = spec.make(shown);
  std::vector<ValueFacts> outputs = spec.infer(shown);
  return std::make_unique<ConvertingKernel>(std::move(kernel), std::move(inputs), std::move(outputs));
}

bool has_channels_last(std::size_t rank) { return rank >= kLowestRank && rank <= kHighestRank; }

AxisOrder to_channels_last(std::size_t rank) {
  AxisOrder order(rank);
  std::iota(order.begin() + 1, order.end() - 1, std::size_t{2});
  order.back() = 1;
  return order;
}

AxisOrder from_channels_last(std::size_t rank) { return inverse(to_channels_last(rank)); }

AxisOrder inverse(const AxisOrder& order) {
  AxisOrder result(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) result[order[i]] = i;
  return result;
}

Shape reordered(const Shape& shape, const AxisOrder& order) {
  Shape result;
  for (const std::size_t axis : order) result.push_back(shape[axis]);
  return result;
}

Shape with_rank(const Shape& shape, std::size_t rank) {
  Shape result(rank - shape.size(), 1);
  result.insert(result.end(), shape.begin(), shape.end());
  return result;
}

bool moves_nothing(const Shape& shape, const AxisOrder& order) {
  std::size_t last = 0;
  for (const std::size_t axis : order) {
    if (shape[axis] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

std::unique_ptr<Kernel> make_reorder(const Shape& shape, const AxisOrder& order, DType dtype) {
  return make_kernel([copy = copy_in_order(shape, order, dtype)](const KernelIo& io) {
    copy.run(io.out(0).mutable_raw(), io.in(0).raw());
  });
}

Tensor reordered(const Tensor& tensor, const Shape& shape, const AxisOrder& order) {
  if (moves_nothing(shape, order)) return tensor.reshaped(reordered(shape, order));
  Tensor result = Tensor::allocate(tensor.dtype(), reordered(shape, order));
  copy_in_order(shape, order, tensor.dtype()).run(result.mutable_raw(), tensor.raw());
  return result;
}

}  // namespace zeropoint
