#include "ops/inner_op.h"

#include <algorithm>

namespace zeropoint {
namespace {

constexpr std::int64_t kNewestOpset = 27;

}  // namespace

InnerOp::InnerOp(const OpSite& outer, std::string op_type, std::vector<ValueFacts> inputs,
                 const Attributes& attributes) {
  const OpSpec* spec = find_op("", op_type, kNewestOpset);
  if (spec == nullptr) fail(ErrorKind::internal, outer.node.label, "{} is not offered", op_type);
  Node node;
  node.op_type = std::move(op_type);
  node.label = outer.node.label;
  for (const auto& [key, value] : attributes) node.attributes.push_back({.name = key, .value = value});
  for (std::size_t i = 0; i < inputs.size(); ++i) node.inputs.push_back(inputs[i] ? static_cast<ValueId>(i) : kNoValue);
  node.outputs = {static_cast<ValueId>(inputs.size())};
  const OpSite site{.node = node, .opset = kNewestOpset, .inputs = inputs, .services = outer.services};
  facts_ = spec->infer(site).at(0);
  kernel_ = spec->make(site);
  scratch_ = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(kernel_->scratch_bytes())});
}

Shape InnerOp::output_shape() const {
  Shape shape = facts_.shape;
  if (facts_.layout == Layout::channels_last) std::rotate(shape.begin() + 1, shape.begin() + 2, shape.end());
  return shape;
}

const Tensor& InnerOp::run(std::span<const Tensor* const> inputs) {
  if (!output_) output_ = Tensor::allocate(facts_.dtype, output_shape());
  run_into(inputs, output_);
  return output_;
}

void InnerOp::run_into(std::span<const Tensor* const> inputs, Tensor& output) {
  kernel_->run({.inputs = inputs, .outputs = {&output, 1}, .scratch = scratch_.mutable_data<std::byte>()});
}

}  // namespace zeropoint
