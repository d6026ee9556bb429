#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

/// The spatial part of `size`, which is [N, C, H, W] or [N, C, D, H, W].
Shape spatial_size(const OpSite& site) {
  const std::vector<std::int64_t> size = integers(site, site.constant(1, "size"), "size");
  if (size.size() != 4 && size.size() != 5) site.invalid("size {} is neither 2D nor 3D", to_string(size));
  const auto axes = static_cast<std::int64_t>(size.size()) - 2;
  const Shape& theta = site.input(0).shape;
  if (theta != Shape{size[0], axes, axes + 1}) {
    site.invalid("theta has shape {}; [{}, {}, {}] is expected", to_string(theta), size[0], axes, axes + 1);
  }
  return {size.begin() + 2, size.end()};
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const DType dtype = site.input(0).dtype;
  if (is_pending(site, 1)) return late(dtype);
  Shape shape = spatial_size(site);
  const auto axes = static_cast<std::int64_t>(shape.size());
  shape.insert(shape.begin(), site.input(0).shape[0]);
  shape.push_back(axes);
  return {planned(site, dtype, std::move(shape))};
}

/// The centre of cell i of n, where -1 and 1 are the centres of the corner cells or their outer edges.
template <class T>
T position(std::int64_t i, std::int64_t n, bool align_corners) {
  if (align_corners) return n > 1 ? static_cast<T>(2 * i) / static_cast<T>(n - 1) - 1 : T{-1};
  return static_cast<T>(2 * i + 1) / static_cast<T>(n) - 1;
}

/// grid[n, ..., :] = theta[n] * (x, y, (z), 1): coordinates are named fastest axis first.
template <class T>
std::unique_ptr<Kernel> make_typed(const Shape& spatial, bool align_corners) {
  const std::size_t axes = spatial.size();
  const std::int64_t cells = element_count(spatial);
  return make_kernel([=](const KernelIo& io) {
    const T* theta = io.in(0).data<T>();
    T* grid = io.out(0).mutable_data<T>();
    constexpr std::int64_t kCellsPerChunk = 8192;
    parallel_ranges(io.in(0).dim(0) * cells, kCellsPerChunk, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        T at[4];
        std::int64_t rest = i % cells;
        for (std::size_t k = 0; k < axes; ++k) {
          const std::int64_t n = spatial[axes - 1 - k];
          at[k] = position<T>(rest % n, n, align_corners);
          rest /= n;
        }
        at[axes] = 1;
        const T* row = theta + static_cast<std::size_t>(i / cells) * axes * (axes + 1);
        for (std::size_t k = 0; k < axes; ++k) {
          T sum = 0;
          for (std::size_t j = 0; j <= axes; ++j) sum += *row++ * at[j];
          grid[static_cast<std::size_t>(i) * axes + k] = sum;
        }
      }
    });
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const bool align_corners = site.node.get_int("align_corners", 0) != 0;
  return for_float(site, site.input(0).dtype,
                   [&]<class T>() { return make_typed<T>(spatial_size(site), align_corners); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "AffineGrid", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_affine_grid() { return kOps; }

}  // namespace zeropoint
