#include <algorithm>

#include "ops/arguments.h"
#include "ops/dispatch.h"

namespace zeropoint {
namespace {

/// What the pooling that is undone had as input: (n - 1) * stride - pads + kernel along each spatial axis.
Shape pooled_from(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  if (x.size() < 3) site.invalid("the input has shape {}; [N, C, spatial axes] is expected", to_string(x));
  const std::size_t axes = x.size() - 2;
  const std::vector<std::int64_t> kernel = site.node.get_ints("kernel_shape");
  const std::vector<std::int64_t> strides = site.node.get_ints("strides", std::vector<std::int64_t>(axes, 1));
  const std::vector<std::int64_t> pads = site.node.get_ints("pads", std::vector<std::int64_t>(2 * axes, 0));
  if (kernel.size() != axes || strides.size() != axes || pads.size() != 2 * axes) {
    site.invalid("kernel_shape {}, strides {} and pads {} do not fit {} spatial axes", to_string(kernel),
                 to_string(strides), to_string(pads), axes);
  }
  Shape shape = x;
  for (std::size_t i = 0; i < axes; ++i) {
    std::int64_t length = 0;
    if (__builtin_mul_overflow(x[i + 2] - 1, strides[i], &length) ||
        __builtin_add_overflow(length, kernel[i] - pads[i] - pads[axes + i], &length) || length < 0) {
      site.invalid("axis {} of {} cannot be unpooled", i + 2, to_string(x));
    }
    shape[i + 2] = length;
  }
  return shape;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (site.input(1).dtype != DType::i64 || site.input(1).shape != x.shape) {
    site.invalid("indices must be int64 of shape {}", to_string(x.shape));
  }
  if (is_pending(site, 2)) return late(x.dtype);
  const Shape natural = pooled_from(site);
  if (!site.has(2)) return {planned(site, x.dtype, natural)};
  Shape shape = integers(site, site.constant(2, "output_shape"), "output_shape");
  if (shape.size() != x.shape.size() || shape[0] != x.shape[0] || shape[1] != x.shape[1]) {
    site.invalid("output_shape {} does not fit the input {}", to_string(shape), to_string(x.shape));
  }
  return {planned(site, x.dtype, std::move(shape))};
}

/// The value goes to the place it came from. Indices count in the tensor that was pooled, which may be smaller than
/// output_shape: each is taken apart there and put together here.
std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape from = pooled_from(site);
  const Shape to = infer(site)[0].shape;
  return for_size(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([from, to, where = site.node.label](const KernelIo& io) {
      const auto x = io.in(0).values<T>();
      const auto indices = io.in(1).values<std::int64_t>();
      const auto y = io.out(0).mutable_values<T>();
      std::fill(y.begin(), y.end(), T{});
      const std::int64_t count = element_count(from);
      for (std::size_t i = 0; i < x.size(); ++i) {
        std::int64_t rest = indices[i];
        if (rest < 0 || rest >= count) {
          fail(ErrorKind::invalid_data, where, "index {} at position {} is outside [0, {}]", rest, i, count - 1);
        }
        std::int64_t offset = 0;
        std::int64_t stride = 1;
        for (std::size_t axis = from.size(); axis-- > 0;) {
          const std::int64_t at = rest % from[axis];
          rest /= from[axis];
          if (at >= to[axis]) {
            fail(ErrorKind::invalid_data, where, "index {} at position {} leaves the output", indices[i], i);
          }
          offset += at * stride;
          stride *= to[axis];
        }
        y[static_cast<std::size_t>(offset)] = x[i];
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "MaxUnpool", .infer = infer, .make = make},
};

}  // namespace

std::span<const OpSpec> ops_max_unpool() { return kOps; }

}  // namespace zeropoint
