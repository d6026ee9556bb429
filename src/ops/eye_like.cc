#include <algorithm>

#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  if (shape.size() != 2) site.invalid("the input has shape {}; a matrix is expected", to_string(shape));
  const auto dtype = site.node.get_int("dtype", static_cast<std::int64_t>(site.input(0).dtype));
  if (dtype <= 0 || dtype >= kDTypeCount) site.invalid("dtype {} is no type", dtype);
  return {{.dtype = static_cast<DType>(dtype), .shape = shape}};
}

/// output[i][i + k] = 1, the rest 0
std::unique_ptr<Kernel> make(const OpSite& site) {
  const std::int64_t k = site.node.get_int("k", 0);
  DType dtype = infer(site)[0].dtype;
  dtype = widened(dtype, Widening::halves_to_float32);
  return for_number_or_bool(site, dtype, [&]<class T>() {
    return make_kernel([k](const KernelIo& io) {
      const std::int64_t rows = io.out(0).dim(0);
      const std::int64_t columns = io.out(0).dim(1);
      const auto to = io.out(0).mutable_values<T>();
      std::fill(to.begin(), to.end(), T{0});
      for (std::int64_t i = std::max<std::int64_t>(0, -k); i < rows && k < columns - i; ++i) {
        to[static_cast<std::size_t>(i * columns + i + k)] = T{1};
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "EyeLike", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_eye_like() { return kOps; }

}  // namespace zeropoint
