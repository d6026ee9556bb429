#include "ops/arguments.h"
#include "ops/convolution_kernel.h"
#include "ops/narrow_types.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

/// Shapes of ConvTranspose: x [N, C, spatial...], w [C, M/group, kernel...], b [M].
Window window_of(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  return transposed_window(site, x.shape, weight_kernel(site, x.shape, site.input(1).shape));
}

std::int64_t group_of(const OpSite& site) {
  const std::int64_t group = site.node.get_int("group", 1);
  const std::int64_t channels = site.input(0).shape[1];
  const Shape& w = site.input(1).shape;
  if (group < 1 || channels % group != 0 || w[0] != channels) {
    site.invalid("{} channels in {} groups do not fit the weight {}", channels, group, to_string(w));
  }
  return group;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Window window = window_of(site);
  return {infer_convolution(site, site.input(1).shape[1] * group_of(site), window)};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const ValueFacts y = infer(site)[0];
  if (x.dtype != DType::f32) site.unsupported("{} is not offered", name(x.dtype));
  if (element_count(y.shape) == 0) return make_kernel([](const KernelIo&) {});
  if (element_count(x.shape) == 0) site.unsupported("an empty input is not offered");
  const Window window = window_of(site);
  return make_convolution(site, {.is_transposed = true,
                                 .src = x.shape,
                                 .dst = y.shape,
                                 .groups = group_of(site),
                                 .kernel = window.kernel,
                                 .strides = window.strides,
                                 .dilations = window.dilations,
                                 .pads_begin = window.pads_begin,
                                 .pads_end = window.pads_end,
                                 .has_bias = site.has(kConvolutionBias)});
}

constexpr OpSpec kOps[] = {
    {.op_type = "ConvTranspose",
     .infer = infer,
     .make = halves_too<infer, make>,
     .channels_last_inputs = 1,
     .float_types = "float16 bfloat16 float32"},
};

}  // namespace

std::span<const OpSpec> ops_conv_transpose() { return kOps; }

}  // namespace zeropoint
