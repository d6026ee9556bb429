#include <cmath>

#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// LpNormalization: x divided by its L1 or L2 norm along one axis; a norm of 0 leaves zeros.
namespace zeropoint {
namespace {

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const auto axis = static_cast<std::size_t>(
      positive_axis(site, site.node.get_int("axis", -1), static_cast<std::int64_t>(shape.size())));
  const std::int64_t p = site.node.get_int("p", 2);
  if (p != 1 && p != 2) site.invalid("p = {}; it must be 1 or 2", p);
  const std::int64_t length = shape[axis];
  const std::int64_t step = count_between(shape, axis + 1, shape.size());
  return for_float(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([p, length, step](const KernelIo& io) {
      const T* x = io.in(0).data<T>();
      T* y = io.out(0).mutable_data<T>();
      const std::int64_t lines = length == 0 ? 0 : io.in(0).size() / length;
      for (std::int64_t line = 0; line < lines; ++line) {
        const std::int64_t start = line / step * length * step + line % step;
        double norm = 0;
        for (std::int64_t i = 0; i < length; ++i) {
          const double value = x[start + i * step];
          norm += p == 1 ? std::abs(value) : value * value;
        }
        norm = p == 1 ? norm : std::sqrt(norm);
        for (std::int64_t i = 0; i < length; ++i) {
          y[start + i * step] = norm == 0 ? T{0} : static_cast<T>(static_cast<double>(x[start + i * step]) / norm);
        }
      }
    });
  });
}

constexpr OpSpec kOps[] = {{.op_type = "LpNormalization",
                            .infer = infer_like_input,
                            .make = halves_too<infer_like_input, make>,
                            .float_types = "all floats"}};

}  // namespace

std::span<const OpSpec> ops_lp_normalization() { return kOps; }

}  // namespace zeropoint
