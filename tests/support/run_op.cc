#include "support/run_op.h"

#include <memory>

#include "base/fail.h"

namespace zeropoint::testing {
namespace {

struct Site {
  Node node;
  std::vector<ValueFacts> facts;
  const OpSpec* spec = nullptr;

  explicit Site(const OpCall& call) {
    node.op_type = call.op_type;
    node.domain = call.domain;
    node.label = "node 'test' (" + call.op_type + ")";
    for (const auto& [name, value] : call.attributes) node.attributes.push_back({.name = name, .value = value});
    for (const Tensor& tensor : call.inputs) {
      node.inputs.push_back(tensor ? static_cast<ValueId>(node.inputs.size()) : kNoValue);
      facts.push_back({.dtype = tensor.dtype(), .shape = tensor.shape()});
      if (call.constants_known) facts.back().constant = tensor;
    }
    for (std::size_t i = 0; i < call.outputs; ++i) node.outputs.push_back(static_cast<ValueId>(100 + i));
    spec = find_op(call.domain, call.op_type, call.opset);
    if (spec == nullptr) fail(ErrorKind::unsupported, node.label, "opset {} is not offered", call.opset);
  }
};

}  // namespace

std::vector<ValueFacts> infer_op(const OpCall& call) {
  const Site site(call);
  return site.spec->infer({.node = site.node, .opset = call.opset, .inputs = site.facts});
}

std::vector<Tensor> run_op(const OpCall& call) {
  const Site at(call);
  const OpSite site{.node = at.node, .opset = call.opset, .inputs = at.facts};
  std::vector<Tensor> outputs;
  bool all_known = true;
  for (const ValueFacts& facts : at.spec->infer(site)) {
    outputs.push_back(facts.constant     ? facts.constant
                      : facts.is_dynamic ? Tensor()
                                         : Tensor::allocate(facts.dtype, facts.shape));
    all_known = all_known && facts.constant;
  }
  if (all_known) return outputs;
  const std::unique_ptr<Kernel> kernel = at.spec->make(site);
  std::vector<const Tensor*> inputs;
  for (const Tensor& tensor : call.inputs) inputs.push_back(tensor ? &tensor : nullptr);
  const Tensor scratch = Tensor::allocate(DType::u8, {static_cast<std::int64_t>(kernel->scratch_bytes())});
  kernel->run(
      {.inputs = inputs, .outputs = outputs, .scratch = static_cast<std::byte*>(Tensor(scratch).mutable_raw())});
  return outputs;
}

std::string error_of(const OpCall& call) {
  try {
    run_op(call);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace zeropoint::testing
