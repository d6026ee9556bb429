#include <cmath>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// ArgMax and ArgMin: where along an axis the extreme value is; the first of equals, or the last.
namespace zeropoint {
namespace {

std::size_t axis_of(const OpSite& site) {
  return static_cast<std::size_t>(
      positive_axis(site, site.node.get_int("axis", 0), static_cast<std::int64_t>(site.input(0).shape.size())));
}

std::vector<ValueFacts> infer(const OpSite& site) {
  Shape shape = site.input(0).shape;
  const std::size_t axis = axis_of(site);
  if (shape[axis] == 0) site.invalid("dimension {} is empty and has no extreme value", axis);
  if (site.node.get_int("keepdims", 1) != 0) {
    shape[axis] = 1;
  } else {
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  return {{.dtype = DType::i64, .shape = shape}};
}

template <class T>
std::int64_t extreme(const T* x, std::int64_t n, std::int64_t step, bool is_max, bool last) {
  std::int64_t best = 0;
  for (std::int64_t i = 1; i < n; ++i) {
    const T value = x[i * step];
    const T leader = x[best * step];
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(leader)) break;  // the first NaN wins, as in NumPy
      if (std::isnan(value)) return i;
    }
    if ((is_max ? value > leader : value < leader) || (last && value == leader)) best = i;
  }
  return best;
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const std::size_t axis = axis_of(site);
  const std::int64_t length = shape[axis];
  const std::int64_t step = count_between(shape, axis + 1, shape.size());
  const bool is_max = site.node.op_type == "ArgMax";
  const bool last = site.node.get_int("select_last_index", 0) != 0;
  return for_number(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([=](const KernelIo& io) {
      const T* x = io.in(0).data<T>();
      auto* y = io.out(0).mutable_data<std::int64_t>();
      parallel_ranges(io.out(0).size(), std::max<std::int64_t>(1, kCheapGrain / length),
                      [&](std::int64_t begin, std::int64_t end) {
                        for (std::int64_t i = begin; i < end; ++i) {
                          y[i] = extreme(x + i / step * length * step + i % step, length, step, is_max, last);
                        }
                      });
    });
  });
}

constexpr OpSpec spec(std::string_view op_type) {
  return {.op_type = op_type, .infer = infer, .make = halves_too<infer, make>, .float_types = "all floats, integers"};
}
constexpr OpSpec kOps[] = {spec("ArgMax"), spec("ArgMin")};

}  // namespace

std::span<const OpSpec> ops_arg_reduce() { return kOps; }

}  // namespace zeropoint
