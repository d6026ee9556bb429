#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  const Shape& rois = site.input(1).shape;
  if (x.size() != 4 || rois.size() != 2 || rois[1] != 5) {
    site.invalid("the input {} and rois {} are not [N, C, H, W] and [R, 5]", to_string(x), to_string(rois));
  }
  if (site.input(1).dtype != site.input(0).dtype) site.invalid("rois are {}", name(site.input(1).dtype));
  const std::vector<std::int64_t> pooled = site.node.get_ints("pooled_shape");
  if (pooled.size() != 2) site.invalid("pooled_shape {} is not [height, width]", to_string(pooled));
  return {planned(site, site.input(0).dtype, {rois[0], x[1], pooled[0], pooled[1]})};
}

/// Pixels [first, last) of one bin along one axis; Fast R-CNN (Girshick 2015) rounds the region to whole pixels.
struct Bin {
  std::int64_t first, last;
};

template <class T>
Bin bin(T start, T end, std::int64_t i, std::int64_t bins, std::int64_t limit) {
  const T length = std::max(end - start + 1, T{1}) / static_cast<T>(bins);
  const auto within = [&](T at) {  // NaN is 0
    return at > 0 ? static_cast<std::int64_t>(std::min(at, static_cast<T>(limit))) : std::int64_t{0};
  };
  return {within(std::floor(static_cast<T>(i) * length) + start),
          within(std::ceil(static_cast<T>(i + 1) * length) + start)};
}

template <class T>
std::unique_ptr<Kernel> make_typed(const OpSite& site) {
  const auto scale = static_cast<T>(site.node.get_float("spatial_scale", 1));
  return make_kernel([scale, where = site.node.label](const KernelIo& io) {
    const Shape& x = io.in(0).shape();
    const Shape& y = io.out(0).shape();
    const T* rois = io.in(1).data<T>();
    for (std::int64_t r = 0; r < y[0]; ++r) {
      const T image = rois[r * 5];
      if (!(image >= 0 && image < static_cast<T>(x[0]))) {
        fail(ErrorKind::invalid_data, where, "region {} is of image {}, outside [0, {}]", r, image, x[0] - 1);
      }
    }
    parallel_chunks(y[0] * y[1], [&](std::int64_t i) {
      const T* roi = rois + i / y[1] * 5;
      const T* plane = io.in(0).data<T>() + (static_cast<std::int64_t>(roi[0]) * x[1] + i % y[1]) * x[2] * x[3];
      T* to = io.out(0).mutable_data<T>() + i * y[2] * y[3];
      T at[4];
      for (int k = 0; k < 4; ++k) at[k] = std::round(roi[1 + k] * scale);
      for (std::int64_t row = 0; row < y[2]; ++row) {
        const Bin down = bin(at[1], at[3], row, y[2], x[2]);
        for (std::int64_t column = 0; column < y[3]; ++column) {
          const Bin across = bin(at[0], at[2], column, y[3], x[3]);
          T most = 0;  // of an empty bin
          bool is_first = true;
          for (std::int64_t v = down.first; v < down.last; ++v) {
            for (std::int64_t u = across.first; u < across.last; ++u) {
              most = is_first ? plane[v * x[3] + u] : std::max(most, plane[v * x[3] + u]);
              is_first = false;
            }
          }
          *to++ = most;
        }
      }
    });
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  return for_float(site, site.input(0).dtype, [&]<class T>() { return make_typed<T>(site); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "MaxRoiPool", .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_max_roi_pool() { return kOps; }

}  // namespace zeropoint
