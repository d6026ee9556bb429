#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// The one value that fills the output: float32 zero by default.
Tensor value_of(const OpSite& site) {
  Tensor value = site.node.get_tensor("value");
  if (!value) return Tensor::scalar(0.0F);
  if (value.size() != 1) site.invalid("value has shape {}; one element is expected", to_string(value.shape()));
  return value;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const DType dtype = value_of(site).dtype();
  if (is_pending(site, 0)) return late(dtype);
  return {planned(site, dtype, integers(site, site.constant(0, "shape"), "shape"))};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Tensor value = value_of(site);
  if (bits(value.dtype()) < 8) site.unsupported("{} is not offered", name(value.dtype()));
  const std::int64_t count = element_count(infer(site)[0].shape);
  return make_kernel([value, copy = StridedCopy({count}, {1}, {0}, element_bytes(site, value.dtype()))](
                         const KernelIo& io) { copy.run(io.out(0).mutable_raw(), value.raw()); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "ConstantOfShape", .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_constant_of_shape() { return kOps; }

}  // namespace zeropoint
