// GlobalAveragePool, GlobalMaxPool and GlobalLpPool: one window over everything.
#include "ops/narrow_types.h"
#include "ops/pool_geometry.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (x.shape.size() < 3) site.invalid("the input {} has no spatial axis", to_string(x.shape));
  Shape shape(x.shape.size(), 1);
  shape[0] = x.shape[0];
  shape[1] = x.shape[1];
  return {{.dtype = x.dtype, .shape = std::move(shape), .layout = x.layout}};
}

PoolGeometry geometry_of(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (x.dtype != DType::f32) site.unsupported("{} is not offered", name(x.dtype));
  return global_geometry(site, x.shape);
}

std::unique_ptr<Kernel> make_average(const OpSite& site) {
  return make_kernel([geometry = geometry_of(site)](const KernelIo& io) {
    average_pool(geometry, PoolDivisor::inside, io.in(0).data<float>(), io.out(0).mutable_data<float>());
  });
}

std::unique_ptr<Kernel> make_max(const OpSite& site) {
  return make_kernel([geometry = geometry_of(site)](const KernelIo& io) {
    max_pool(geometry, io.in(0).data<float>(), io.out(0).mutable_data<float>());
  });
}

std::unique_ptr<Kernel> make_lp(const OpSite& site) {
  return make_kernel([geometry = geometry_of(site), p = norm_order(site)](const KernelIo& io) {
    lp_pool(geometry, p, io.in(0).data<float>(), io.out(0).mutable_data<float>());
  });
}

constexpr std::string_view kTypes = "float16 bfloat16 float32";

constexpr OpSpec kOps[] = {
    {.op_type = "GlobalAveragePool",
     .infer = infer,
     .make = halves_too<infer, make_average>,
     .channels_last_inputs = 1,
     .float_types = kTypes},
    {.op_type = "GlobalMaxPool",
     .infer = infer,
     .make = halves_too<infer, make_max>,
     .channels_last_inputs = 1,
     .float_types = kTypes},
    {.op_type = "GlobalLpPool",
     .infer = infer,
     .make = halves_too<infer, make_lp>,
     .channels_last_inputs = 1,
     .float_types = kTypes},
};

}  // namespace

std::span<const OpSpec> ops_global_pool() { return kOps; }

}  // namespace zeropoint
