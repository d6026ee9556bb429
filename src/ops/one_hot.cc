#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/move.h"

namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  const auto rank = static_cast<std::int64_t>(site.input(0).shape.size()) + 1;
  return static_cast<std::size_t>(positive_axis(site, site.node.get_int("axis", -1), rank));
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const DType dtype = site.input(2).dtype;
  if (element_count(site.input(2).shape) != 2) site.invalid("values must be [off, on]");
  if (is_pending(site, 1)) return late(dtype);
  const double depth = number(site, 1, "depth");
  if (!(depth >= 0) || depth > 0x1p62) site.invalid("depth is {}", depth);
  Shape shape = site.input(0).shape;
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis_of(site)), static_cast<std::int64_t>(depth));
  return {planned(site, dtype, std::move(shape))};
}

/// output[outer, d, inner] = d == indices[outer, inner] ? on : off; an index outside [-depth, depth) is nowhere.
template <class Index, class Value>
std::unique_ptr<Kernel> make_typed(std::int64_t outer, std::int64_t depth, std::int64_t inner) {
  return make_kernel([=](const KernelIo& io) {
    const Index* indices = io.in(0).data<Index>();
    const Value off = io.in(2).data<Value>()[0];
    const Value on = io.in(2).data<Value>()[1];
    const auto to = io.out(0).mutable_values<Value>();
    std::fill(to.begin(), to.end(), off);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (std::int64_t i = 0; i < inner; ++i) {
        const auto given = static_cast<double>(indices[o * inner + i]);
        if (!(given >= -static_cast<double>(depth)) || given >= static_cast<double>(depth)) continue;
        const auto index = static_cast<std::int64_t>(given);
        to[static_cast<std::size_t>((o * depth + (index < 0 ? index + depth : index)) * inner + i)] = on;
      }
    }
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const std::size_t axis = axis_of(site);
  const std::int64_t outer = count_between(shape, 0, axis);
  const std::int64_t inner = count_between(shape, axis, shape.size());
  const std::int64_t depth = infer(site)[0].shape[axis];
  return for_size(site, site.input(2).dtype, [&]<class Value>() {
    return for_number(site, site.input(0).dtype,
                      [&]<class Index>() { return make_typed<Index, Value>(outer, depth, inner); });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "OneHot", .infer = infer, .make = make, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_one_hot() { return kOps; }

}  // namespace zeropoint
