#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "kernels/softmax/softmax.h"
#include "ops/arguments.h"
#include "ops/dispatch.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// Softmax, LogSoftmax, Hardmax. Since opset 13 along one axis (default: the last); before, over all
// dimensions from `axis` (default 1) on, taken as one.
namespace zeropoint {
namespace {

struct Extent {
  std::int64_t outer, axis, inner;
};

Extent extent_of(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  const bool coerces = site.opset < 13;
  std::int64_t axis = site.node.get_int("axis", coerces ? 1 : -1);
  if (rank == 0) return {1, 1, 1};
  if (coerces && axis == rank) return {element_count(shape), 1, 1};
  axis = positive_axis(site, axis, rank);
  const auto at = static_cast<std::size_t>(axis);
  if (coerces) return {count_between(shape, 0, at), count_between(shape, at, shape.size()), 1};
  return {count_between(shape, 0, at), shape[at], count_between(shape, at + 1, shape.size())};
}

void softmax_f32(SoftmaxKind kind, Extent e, const float* x, float* y) {
  if (e.inner == 1) {
    const std::int64_t rows_per_chunk = std::max<std::int64_t>(1, kCostlyGrain / std::max<std::int64_t>(e.axis, 1));
    return parallel_ranges(e.outer, rows_per_chunk, [&](std::int64_t begin, std::int64_t end) {
      softmax_rows_f32(kind, x + begin * e.axis, y + begin * e.axis, end - begin, e.axis);
    });
  }
  const std::int64_t slice = e.axis * e.inner;
  parallel_ranges(e.outer, std::max<std::int64_t>(1, kCostlyGrain / slice), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) softmax_columns_f32(kind, x + i * slice, y + i * slice, e.axis, e.inner);
  });
}

void softmax_f64(SoftmaxKind kind, Extent e, const double* x, double* y) {
  for (std::int64_t i = 0; i < e.outer * e.inner; ++i) {
    const std::int64_t start = i / e.inner * e.axis * e.inner + i % e.inner;
    const std::int64_t end = start + e.axis * e.inner;
    double max = -std::numeric_limits<double>::infinity();
    for (std::int64_t k = start; k < end; k += e.inner) max = std::isnan(x[k]) || x[k] > max ? x[k] : max;
    double sum = 0;
    for (std::int64_t k = start; k < end; k += e.inner) sum += std::exp(x[k] - max);
    for (std::int64_t k = start; k < end; k += e.inner) {
      y[k] = kind == SoftmaxKind::softmax ? std::exp(x[k] - max) / sum : x[k] - max - std::log(sum);
    }
  }
}

template <SoftmaxKind kind>
std::unique_ptr<Kernel> make(const OpSite& site) {
  const Extent e = extent_of(site);
  if (e.outer * e.axis * e.inner == 0) return make_kernel([](const KernelIo&) {});
  return for_float(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([e](const KernelIo& io) {
      if constexpr (std::is_same_v<T, float>) {
        softmax_f32(kind, e, io.in(0).data<float>(), io.out(0).mutable_data<float>());
      } else {
        softmax_f64(kind, e, io.in(0).data<double>(), io.out(0).mutable_data<double>());
      }
    });
  });
}

/// 1 at the first maximum, 0 elsewhere.
std::unique_ptr<Kernel> make_hardmax(const OpSite& site) {
  const Extent e = extent_of(site);
  return for_float(site, site.input(0).dtype, [&]<class T>() {
    return make_kernel([e](const KernelIo& io) {
      const T* x = io.in(0).data<T>();
      T* y = io.out(0).mutable_data<T>();
      std::fill_n(y, io.out(0).size(), T{0});
      for (std::int64_t i = 0; i < e.outer * e.inner && e.axis > 0; ++i) {
        const std::int64_t start = i / e.inner * e.axis * e.inner + i % e.inner;
        std::int64_t best = start;
        for (std::int64_t k = start; k < start + e.axis * e.inner; k += e.inner) best = x[k] > x[best] ? k : best;
        y[best] = 1;
      }
    });
  });
}

constexpr auto kSoftmax = halves_too<infer_like_input, make<SoftmaxKind::softmax>>;
constexpr auto kLogSoftmax = halves_too<infer_like_input, make<SoftmaxKind::log_softmax>>;
constexpr auto kHardmax = halves_too<infer_like_input, make_hardmax>;

constexpr std::string_view kFloats = "all floats";
constexpr OpSpec kOps[] = {
    {.op_type = "Softmax", .infer = infer_like_input, .make = kSoftmax, .in_place = 0, .float_types = kFloats},
    {.op_type = "LogSoftmax", .infer = infer_like_input, .make = kLogSoftmax, .in_place = 0, .float_types = kFloats},
    {.op_type = "Hardmax", .infer = infer_like_input, .make = kHardmax, .float_types = kFloats},
};

}  // namespace

std::span<const OpSpec> ops_softmax() { return kOps; }

}  // namespace zeropoint
