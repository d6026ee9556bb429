#include <algorithm>

#include "executor/compiled.h"
#include "executor/layout.h"

namespace zeropoint {

std::vector<Tensor> evaluate_node(const Node& node, const OpSpec& spec, std::int64_t opset,
                                  std::span<const ValueFacts> inputs, std::span<const ValueFacts> outputs,
                                  PlanServices* services) {
  if (spec.is_view && outputs.size() == 1 && !outputs[0].is_dynamic)
    return {inputs[0].constant.reshaped(outputs[0].shape)};
  std::vector<Tensor> out(outputs.size());
  std::ranges::transform(outputs, out.begin(), &ValueFacts::constant);
  if (std::ranges::all_of(out, [](const Tensor& tensor) { return static_cast<bool>(tensor); })) return out;
  const std::unique_ptr<Kernel> kernel = make_plain_kernel(spec, {node, opset, inputs, services});
  std::vector<const Tensor*> in;
  for (const ValueFacts& facts : inputs) in.push_back(facts ? &facts.constant : nullptr);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool is_wanted = i < node.outputs.size() && node.outputs[i] != kNoValue;
    if (is_wanted && !out[i] && !outputs[i].is_dynamic) out[i] = Tensor::allocate(outputs[i].dtype, outputs[i].shape);
  }
  Tensor scratch;
  if (kernel->scratch_bytes() > 0) {
    scratch = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(kernel->scratch_bytes())});
  }
  kernel->run({in, out, scratch ? scratch.mutable_data<std::byte>() : nullptr});
  return out;
}

}  // namespace zeropoint
