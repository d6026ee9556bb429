// AveragePool and LpPool.
#include "ops/narrow_types.h"
#include "ops/pool_geometry.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) { return {pooled_facts(site, pool_window(site))}; }

PoolGeometry geometry_of(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (x.dtype != DType::f32) site.unsupported("{} is not offered", name(x.dtype));
  return pool_geometry(x.shape, pool_window(site));
}

std::unique_ptr<Kernel> make_average(const OpSite& site) {
  const bool counts_padding = site.node.get_int("count_include_pad", 0) != 0;
  return make_kernel([geometry = geometry_of(site),
                      divisor = counts_padding ? PoolDivisor::with_padding : PoolDivisor::inside](const KernelIo& io) {
    average_pool(geometry, divisor, io.in(0).data<float>(), io.out(0).mutable_data<float>());
  });
}

std::unique_ptr<Kernel> make_lp(const OpSite& site) {
  return make_kernel([geometry = geometry_of(site), p = norm_order(site)](const KernelIo& io) {
    lp_pool(geometry, p, io.in(0).data<float>(), io.out(0).mutable_data<float>());
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "AveragePool",
     .infer = infer,
     .make = halves_too<infer, make_average>,
     .channels_last_inputs = 1,
     .float_types = "float16 bfloat16 float32"},
    {.op_type = "LpPool",
     .infer = infer,
     .make = halves_too<infer, make_lp>,
     .channels_last_inputs = 1,
     .float_types = "float16 bfloat16 float32"},
};

}  // namespace

std::span<const OpSpec> ops_average_pool() { return kOps; }

}  // namespace zeropoint
