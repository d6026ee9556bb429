#include "ops/op.h"

#include <utility>

namespace zeropoint {

#define ZP_OPS(file) std::span<const OpSpec> ops_##file();
#include "ops/ops.inc"
#undef ZP_OPS

namespace {

class FunctionKernel final : public Kernel {
 public:
  explicit FunctionKernel(std::function<void(const KernelIo&)> body) : body_(std::move(body)) {}
  void run(const KernelIo& io) override { body_(io); }

 private:
  std::function<void(const KernelIo&)> body_;
};

std::vector<OpSpec> collect() {
  std::vector<OpSpec> all;
#define ZP_OPS(file) \
  for (const OpSpec& spec : ops_##file()) all.push_back(spec);
#include "ops/ops.inc"
#undef ZP_OPS
  return all;
}

}  // namespace

const ValueFacts& OpSite::input(std::size_t i) const {
  if (!has(i)) invalid("input {} is missing", i);
  return inputs[i];
}

const Tensor& OpSite::constant(std::size_t i, std::string_view role) const {
  const ValueFacts& facts = input(i);
  if (!facts.constant) unsupported("{} (input {}) is not a constant", role, i);
  return facts.constant;
}

std::shared_ptr<Subgraph> OpSite::subgraph(std::string_view attribute) const {
  if (services == nullptr) fail(ErrorKind::internal, node.label, "no plan offers subgraphs here");
  return services->subgraph(node, attribute);
}

Tensor OpSite::shared(const Tensor& source, const std::string& variant,
                      const std::function<Tensor()>& make_once) const {
  return services == nullptr ? make_once() : services->shared(source, variant, make_once);
}

std::unique_ptr<Kernel> make_kernel(std::function<void(const KernelIo&)> body) {
  return std::make_unique<FunctionKernel>(std::move(body));
}

std::span<const OpSpec> all_ops() {
  static const std::vector<OpSpec> all = collect();
  return all;
}

const OpSpec* find_op(std::string_view domain, std::string_view op_type, std::int64_t opset) {
  for (const OpSpec& spec : all_ops()) {
    if (spec.op_type == op_type && spec.domain == domain && spec.since <= opset && opset <= spec.until) return &spec;
  }
  return nullptr;
}

}  // namespace zeropoint
