#include "ops/elementwise.h"

// PRelu: x < 0 ? slope x : x, the slope broadcast to x.
namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const std::vector<ValueFacts> out = infer_broadcast(site);
  if (out[0].shape != site.input(0).shape) {
    site.invalid("slope of shape {} does not broadcast to {}", to_string(site.input(1).shape),
                 to_string(site.input(0).shape));
  }
  return out;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  constexpr auto kPrelu = [](auto x, auto slope) {
    return x < 0 ? wrapping(x, slope, [](auto u, auto v) { return u * v; }) : x;
  };
  return make_binary(site, BinaryF32::prelu, wide_binary_numbers(kPrelu));
}

constexpr OpSpec kOps[] = {{.op_type = "PRelu",
                            .since = 7,
                            .infer = infer,
                            .make = make,
                            .in_place = 0,
                            .keeps_layout = true,
                            .float_types = "all floats, integers"}};

}  // namespace

std::span<const OpSpec> ops_prelu() { return kOps; }

}  // namespace zeropoint
