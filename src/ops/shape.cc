// Shape and Size: facts of the plan, not computed at run time.
#include <algorithm>

#include "ops/arguments.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> known(const Tensor& value) {
  return {{.dtype = value.dtype(), .shape = value.shape(), .constant = value}};
}

std::vector<ValueFacts> infer_shape(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto bound = [&](std::int64_t at) { return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank); };
  const std::int64_t begin = bound(site.node.get_int("start", 0));
  const std::int64_t end = std::max(begin, bound(site.node.get_int("end", rank)));
  return known(Tensor::copy_of<std::int64_t>(
      {end - begin}, std::span(shape).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin))));
}

std::vector<ValueFacts> infer_size(const OpSite& site) {
  return known(Tensor::scalar<std::int64_t>(element_count(site.input(0).shape)));
}

template <std::vector<ValueFacts> (*infer)(const OpSite&)>
std::unique_ptr<Kernel> make(const OpSite& site) {
  return make_kernel([value = infer(site)[0].constant](const KernelIo& io) {
    std::ranges::copy(value.values<std::int64_t>(), io.out(0).mutable_data<std::int64_t>());
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Shape", .infer = infer_shape, .make = make<infer_shape>, .float_types = "any"},
    {.op_type = "Size", .infer = infer_size, .make = make<infer_size>, .float_types = "any"},
};

}  // namespace

std::span<const OpSpec> ops_shape() { return kOps; }

}  // namespace zeropoint
