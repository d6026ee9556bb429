#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/stacking.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.input(0).dtype != DType::boolean || element_count(site.input(0).shape) != 1) {
    site.invalid("the condition is {} of shape {}; one bool is expected", name(site.input(0).dtype),
                 to_string(site.input(0).shape));
  }
  std::vector<ValueFacts> outputs = declared_outputs(site, "then_branch", 0, site.node.outputs.size());
  const std::vector<ValueFacts> others = declared_outputs(site, "else_branch", 0, site.node.outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i]) outputs[i] = others[i];
    if (others[i] && others[i].dtype != outputs[i].dtype) {
      site.invalid("output {} is {} in then_branch and {} in else_branch", i, name(outputs[i].dtype),
                   name(others[i].dtype));
    }
  }
  return outputs;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  return make_kernel(
      [then_branch = site.subgraph("then_branch"), else_branch = site.subgraph("else_branch")](const KernelIo& io) {
        const auto& branch = io.in(0).data<bool>()[0] ? then_branch : else_branch;
        std::vector<Tensor> results = branch->run({}, io);
        for (std::size_t i = 0; i < io.outputs.size(); ++i) io.out(i) = detached(io, results[i]);
      });
}

constexpr OpSpec kOps[] = {
    {.op_type = "If", .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_if() { return kOps; }

}  // namespace zeropoint
