#include <algorithm>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/move.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// The sliding window whose blocks the columns hold.
struct Window {
  Shape image, block, strides, pads, dilations;
  Shape steps;  // positions of the block along each axis
};

Window window_of(const OpSite& site) {
  Window w;
  w.image = integers(site, site.constant(1, "image_shape"), "image_shape");
  w.block = integers(site, site.constant(2, "block_shape"), "block_shape");
  const std::size_t axes = w.image.size();
  w.strides = site.node.get_ints("strides", Shape(axes, 1));
  w.pads = site.node.get_ints("pads", Shape(2 * axes, 0));
  w.dilations = site.node.get_ints("dilations", Shape(axes, 1));
  if (axes == 0 || w.block.size() != axes || w.strides.size() != axes || w.pads.size() != 2 * axes ||
      w.dilations.size() != axes) {
    site.invalid("image_shape, block_shape, strides, pads and dilations are not of the same rank");
  }
  for (std::size_t i = 0; i < axes; ++i) {
    constexpr std::int64_t kLargest = std::int64_t{1} << 30;  // keeps every product below within 64 bits
    for (const std::int64_t value : {w.image[i], w.block[i], w.strides[i], w.dilations[i]}) {
      if (value < 1 || value > kLargest) site.invalid("{} along axis {} is outside [1, {}]", value, i, kLargest);
    }
    for (const std::int64_t pad : {w.pads[i], w.pads[axes + i]}) {
      if (pad < 0 || pad > kLargest) site.invalid("the pad {} is outside [0, {}]", pad, kLargest);
    }
    const std::int64_t room = w.image[i] + w.pads[i] + w.pads[axes + i] - w.dilations[i] * (w.block[i] - 1) - 1;
    w.steps.push_back(room < 0 ? 0 : room / w.strides[i] + 1);
  }
  return w;
}

std::int64_t product(const OpSite& site, const Shape& shape) {
  return element_count(planned(site, DType::u8, shape).shape);
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (is_pending(site, 1) || is_pending(site, 2)) return late(x.dtype);
  const Window w = window_of(site);
  const std::int64_t block = product(site, w.block);
  const std::int64_t steps = product(site, w.steps);
  if (x.shape.size() != 3 || x.shape[1] % block != 0 || x.shape[2] != steps) {
    site.invalid("the input has shape {}; [N, C * {}, {}] is expected", to_string(x.shape), block, steps);
  }
  Shape shape = {x.shape[0], x.shape[1] / block};
  shape.insert(shape.end(), w.image.begin(), w.image.end());
  return {planned(site, x.dtype, std::move(shape))};
}

/// Adds every column entry to the pixel that it came from; entries from the padding are dropped.
template <class T>
std::unique_ptr<Kernel> make_typed(const Window& w) {
  return make_kernel([w](const KernelIo& io) {
    const std::int64_t block = element_count(w.block);
    const std::int64_t steps = element_count(w.steps);
    const std::int64_t image = element_count(w.image);
    const T* columns = io.in(0).data<T>();
    T* y = io.out(0).mutable_data<T>();
    parallel_chunks(io.out(0).dim(0) * io.out(0).dim(1), [&](std::int64_t plane) {
      T* to = y + plane * image;
      std::fill(to, to + image, T{0});
      for (std::int64_t b = 0; b < block; ++b) {
        const T* from = columns + (plane * block + b) * steps;
        for (std::int64_t s = 0; s < steps; ++s) {
          std::int64_t offset = 0;
          std::int64_t stride = 1;
          std::int64_t block_rest = b;
          std::int64_t step_rest = s;
          bool is_inside = true;
          for (std::size_t i = w.image.size(); i-- > 0;) {
            const std::int64_t at =
                step_rest % w.steps[i] * w.strides[i] + block_rest % w.block[i] * w.dilations[i] - w.pads[i];
            step_rest /= w.steps[i];
            block_rest /= w.block[i];
            is_inside = is_inside && at >= 0 && at < w.image[i];
            offset += at * stride;
            stride *= w.image[i];
          }
          if (is_inside) to[offset] = static_cast<T>(to[offset] + from[s]);
        }
      }
    });
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Window w = window_of(site);
  return for_number(site, site.input(0).dtype, [&]<class T>() { return make_typed<T>(w); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "Col2Im", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_col2im() { return kOps; }

}  // namespace zeropoint
