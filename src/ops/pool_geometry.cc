#include "ops/pool_geometry.h"

#include <cmath>

#include "kernels/pool/window_walk.h"
#include "ops/arguments.h"

namespace zeropoint {
namespace {

constexpr std::size_t kMostAxes = 3;

/// Axes of a list of one to three stand at the end of three.
void fill(PoolGeometry::Axes& axes, const std::int64_t* first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) axes[kMostAxes - count + i] = first[i];
}

}  // namespace

Window pool_window(const OpSite& site) {
  const Shape& input = site.input(0).shape;
  const std::vector<std::int64_t> kernel = site.node.get_ints("kernel_shape");
  if (kernel.empty()) site.invalid("kernel_shape is missing");
  if (input.size() > kMostAxes + 2) site.unsupported("pooling over {} axes is not offered", input.size() - 2);
  return sliding_window(site, input, kernel);
}

PoolGeometry pool_geometry(const Shape& input, const Window& window) {
  PoolGeometry geometry{.batch = input[0], .channels = input[1]};
  const std::size_t rank = window.rank();
  fill(geometry.input, input.data() + 2, rank);
  fill(geometry.output, window.output.data(), rank);
  fill(geometry.kernel, window.kernel.data(), rank);
  fill(geometry.strides, window.strides.data(), rank);
  fill(geometry.dilations, window.dilations.data(), rank);
  fill(geometry.pads_begin, window.pads_begin.data(), rank);
  fill(geometry.pads_end, window.pads_end.data(), rank);
  return geometry;
}

PoolGeometry global_geometry(const OpSite& site, const Shape& input) {
  PoolGeometry geometry{.batch = input[0], .channels = input[1]};
  if (input.size() > kMostAxes + 2) site.unsupported("pooling over {} axes is not offered", input.size() - 2);
  fill(geometry.input, input.data() + 2, input.size() - 2);
  geometry.kernel = geometry.input;
  return geometry;
}

ValueFacts pooled_facts(const OpSite& site, const Window& window) {
  const ValueFacts& x = site.input(0);
  ValueFacts y = planned(site, x.dtype, windowed_shape(x.shape[0], x.shape[1], window));
  y.layout = x.layout;
  return y;
}

double norm_order(const OpSite& site) {
  const Attribute* p = site.node.find("p");
  if (p == nullptr) return 2;
  const double order = std::holds_alternative<float>(p->value) ? double{site.node.get_float("p", 2)}  // opset 1
                                                               : static_cast<double>(site.node.get_int("p", 2));
  if (!(order > 0)) site.invalid("p is {}", order);
  return order;
}

void lp_pool(const PoolGeometry& geometry, double p, const float* x, float* y) {
  for_each_window(geometry, [&](std::int64_t out, std::int64_t n, std::int64_t c, const auto&, const auto& spans) {
    double sum = 0;
    for_each_in_window(geometry, n, c, spans,
                       [&](std::int64_t in, bool) { sum += std::pow(std::abs(double{x[in]}), p); });
    y[out] = static_cast<float>(std::pow(sum, 1.0 / p));
  });
}

}  // namespace zeropoint
