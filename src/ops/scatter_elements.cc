// ScatterElements, called Scatter before opset 11: the inverse of GatherElements.
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/element_walk.h"
#include "ops/move.h"
#include "ops/narrow_types.h"
#include "ops/scatter.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& data = site.input(0);
  if (site.input(2).dtype != data.dtype) {
    site.invalid("data is {}, updates are {}", name(data.dtype), name(site.input(2).dtype));
  }
  if (site.input(2).shape != site.input(1).shape) {
    site.invalid("indices {} and updates {} differ in shape", to_string(site.input(1).shape),
                 to_string(site.input(2).shape));
  }
  return {{.dtype = data.dtype, .shape = data.shape}};
}

/// One after the other in the order of the updates: where indices repeat, the last one (or the sum) is well defined.
std::unique_ptr<Kernel> make(const OpSite& site) {
  const Reduction reduction = reduction_of(site);
  const auto scatter = [&]<class T>(auto&& combine) {
    return make_kernel([walk = ElementWalk(site), combine](const KernelIo& io) {
      start_from_data(io);
      const T* updates = io.in(2).data<T>();
      T* to = io.out(0).mutable_data<T>();
      walk.for_lines(io.in(1), 0, walk.line_count(), [&](std::int64_t position, std::int64_t offset) {
        to[offset] = combine(to[offset], updates[position]);
      });
    });
  };
  if (reduction == Reduction::none) {
    return for_size(site, site.input(0).dtype,
                    [&]<class T>() { return scatter.template operator()<T>([](T, T update) { return update; }); });
  }
  return for_number(site, site.input(0).dtype, [&]<class T>() {
    return scatter.template operator()<T>([reduction](T there, T update) { return reduce(reduction, there, update); });
  });
}

std::unique_ptr<Kernel> make_any(const OpSite& site) {
  if (reduction_of(site) == Reduction::none) return packed_too<infer, make>(site);
  return halves_too<infer, make>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "Scatter", .infer = infer, .make = make_any, .in_place = 0, .float_types = kAnyType},
    {.op_type = "ScatterElements", .infer = infer, .make = make_any, .in_place = 0, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_scatter_elements() { return kOps; }

}  // namespace zeropoint
