#include <algorithm>
#include <cstring>
#include <optional>

#include "ops/arguments.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  if (site.input(1).dtype != DType::boolean || site.input(1).shape.size() != 1) {
    site.invalid("the condition must be a list of bool");
  }
  return late(site.input(0).dtype);
}

/// Keeps the slices along the axis (of the flattened input without one) whose condition holds.
std::unique_ptr<Kernel> make(const OpSite& site) {
  Shape shape = site.input(0).shape;
  std::size_t axis = 0;
  if (site.node.find("axis") == nullptr) {
    shape = {element_count(shape)};
  } else {
    axis = static_cast<std::size_t>(
        positive_axis(site, site.node.get_int("axis", 0), static_cast<std::int64_t>(shape.size())));
  }
  const DType dtype = site.input(0).dtype;
  const std::size_t inner =
      static_cast<std::size_t>(count_between(shape, axis + 1, shape.size())) * element_bytes(site, dtype);
  return make_kernel([=](const KernelIo& io) {
    const auto condition = io.in(1).values<bool>();
    const std::size_t limit = std::min(condition.size(), static_cast<std::size_t>(shape[axis]));
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < limit; ++i) {
      if (condition[i]) kept.push_back(i);
    }
    Shape to_shape = shape;
    to_shape[axis] = static_cast<std::int64_t>(kept.size());
    io.out(0) = Tensor::allocate(dtype, to_shape);
    auto* dst = static_cast<std::byte*>(io.out(0).mutable_raw());
    const auto* src = static_cast<const std::byte*>(io.in(0).raw());
    const std::int64_t outer = count_between(shape, 0, axis);
    for (std::int64_t o = 0; o < outer; ++o) {
      for (const std::size_t i : kept) {
        std::memcpy(dst, src + i * inner, inner);
        dst += inner;
      }
      src += static_cast<std::size_t>(shape[axis]) * inner;
    }
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Compress", .infer = infer, .make = packed_too<infer, make>, .float_types = kAnyType},
};

}  // namespace

std::span<const OpSpec> ops_compress() { return kOps; }

}  // namespace zeropoint
