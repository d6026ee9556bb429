// MaxPool, AveragePool and their global forms, window by window.
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

template <bool is_global>
Window window_of(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  if (x.size() < 3) site.invalid("the input {} has no spatial axes", to_string(x));
  if (!is_global) return sliding_window(site, x, site.node.get_ints("kernel_shape"));
  Window w{.kernel = {x.begin() + 2, x.end()}};
  w.strides = w.dilations = w.output = std::vector<std::int64_t>(w.rank(), 1);
  w.pads_begin = w.pads_end = std::vector<std::int64_t>(w.rank(), 0);
  return w;
}

template <bool is_global>
std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& x = site.input(0).shape;
  return {planned(site, site.input(0).dtype, windowed_shape(x[0], x[1], window_of<is_global>(site)))};
}

/// Calls body(value) for the elements of one window that lie inside the plane; returns how many positions
/// lie inside the padded plane.
template <class Body>
std::int64_t visit(const Window& w, const Shape& in, const float* x, std::int64_t window, Body&& body) {
  const std::size_t rank = w.rank();
  std::vector<std::int64_t> start(rank);
  for (std::size_t d = rank; d-- > 0;) {
    start[d] = window % w.output[d] * w.strides[d] - w.pads_begin[d];
    window /= w.output[d];
  }
  std::int64_t padded = 0;
  const std::int64_t count = count_between(w.kernel, 0, rank);
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t rest = i;
    std::int64_t offset = 0;
    std::int64_t stride = 1;
    bool is_inside = true;
    bool is_padded = true;
    for (std::size_t d = rank; d-- > 0;) {
      const std::int64_t position = start[d] + rest % w.kernel[d] * w.dilations[d];
      rest /= w.kernel[d];
      is_inside &= position >= 0 && position < in[2 + d];
      is_padded &= position < in[2 + d] + w.pads_end[d];
      offset += position * stride;
      stride *= in[2 + d];
    }
    padded += is_padded ? 1 : 0;
    if (is_inside) body(x[offset]);
  }
  return padded;
}

template <bool is_global, bool is_max>
std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  if (site.node.outputs.size() > 1) site.unsupported("indices are not offered");
  const bool count_pad = site.node.get_int("count_include_pad", 0) != 0;
  return make_kernel([w = window_of<is_global>(site), in = site.input(0).shape, count_pad](const KernelIo& io) {
    const std::int64_t plane = count_between(in, 2, in.size());
    const std::int64_t windows = count_between(w.output, 0, w.rank());
    parallel_chunks(in[0] * in[1], [&](std::int64_t channel) {
      const float* x = io.in(0).data<float>() + channel * plane;
      float* y = io.out(0).mutable_data<float>() + channel * windows;
      for (std::int64_t i = 0; i < windows; ++i) {
        float best = -std::numeric_limits<float>::infinity();
        double sum = 0;
        std::int64_t inside = 0;
        const std::int64_t padded = visit(w, in, x, i, [&](float v) {
          if (v > best) best = v;
          sum += static_cast<double>(v);
          ++inside;
        });
        y[i] = is_max ? best : static_cast<float>(sum / static_cast<double>(count_pad ? padded : inside));
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "MaxPool", .infer = infer<false>, .make = make<false, true>},
    {.op_type = "AveragePool", .infer = infer<false>, .make = make<false, false>},
    {.op_type = "GlobalMaxPool", .infer = infer<true>, .make = make<true, true>},
    {.op_type = "GlobalAveragePool", .infer = infer<true>, .make = make<true, false>},
};

}  // namespace

std::span<const OpSpec> ops_pool() { return kOps; }

}  // namespace zeropoint
