#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite&) { return late(DType::i64); }

/// One column per element that is not zero, in row-major order: its index along each axis.
std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_number_or_bool(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([](const KernelIo& io) {
      const auto x = io.in(0).values<T>();
      std::vector<std::int64_t> found;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i] != 0) found.push_back(static_cast<std::int64_t>(i));
      }
      const Shape& shape = io.in(0).shape();
      const auto count = static_cast<std::int64_t>(found.size());
      io.out(0) = Tensor::allocate(DType::i64, {static_cast<std::int64_t>(shape.size()), count});
      auto* to = io.out(0).mutable_data<std::int64_t>();
      for (std::int64_t axis = io.in(0).rank() - 1; axis >= 0; --axis) {
        const std::int64_t dim = shape[static_cast<std::size_t>(axis)];
        for (std::int64_t i = 0; i < count; ++i) {
          std::int64_t& rest = found[static_cast<std::size_t>(i)];
          to[axis * count + i] = rest % dim;
          rest /= dim;
        }
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "NonZero", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_non_zero() { return kOps; }

}  // namespace zeropoint
