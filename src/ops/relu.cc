#include <algorithm>

#include "ops/op.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  return {{.dtype = x.dtype, .shape = x.shape, .is_dynamic = x.is_dynamic, .layout = x.layout}};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return make_kernel([](const KernelIo& io) {
    const auto x = io.in(0).values<float>();
    const auto y = io.out(0).mutable_values<float>();
    std::transform(x.begin(), x.end(), y.begin(), [](float v) { return v < 0 ? 0.0F : v; });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Relu", .infer = infer, .make = make, .in_place = 0, .keeps_layout = true},
};

}  // namespace

std::span<const OpSpec> ops_relu() { return kOps; }

}  // namespace zeropoint
