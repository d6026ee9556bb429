#include "ops/arguments.h"
#include "ops/convolution_kernel.h"
#include "ops/fused_activation.h"
#include "ops/narrow_types.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

constexpr std::size_t kConvolutionBias = 2;
constexpr std::size_t kAddend =
    3;  // joined operator only: a tensor like the output that is added before the activation

/// Shapes of Conv: x [N, C, spatial...], w [M, C/group, kernel...], b [M].
Window window_of(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  return sliding_window(site, x.shape, weight_kernel(site, x.shape, site.input(1).shape));
}

std::int64_t group_of(const OpSite& site) { return convolution_groups(site, site.input(0).shape, site.input(1).shape); }

std::vector<ValueFacts> infer(const OpSite& site) {
  const Window window = window_of(site);
  const ValueFacts& x = site.input(0);
  const std::int64_t channels = site.input(1).shape[0];
  group_of(site);
  if (site.input(1).dtype != x.dtype) {
    site.invalid("the input is {}, the weight {}", name(x.dtype), name(site.input(1).dtype));
  }
  if (site.has(kConvolutionBias) && site.input(kConvolutionBias).shape != Shape{channels}) {
    site.invalid("the bias has shape {}, not [{}]", to_string(site.input(kConvolutionBias).shape), channels);
  }
  ValueFacts y = planned(site, x.dtype, windowed_shape(x.shape[0], channels, window));
  y.layout = x.layout;
  return {y};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  const ValueFacts y = infer(site)[0];
  if (x.dtype != DType::f32) site.unsupported("{} is not offered", name(x.dtype));
  if (element_count(y.shape) == 0) return make_kernel([](const KernelIo&) {});
  if (x.shape[1] == 0) site.unsupported("an input without channels is not offered");
  const Window window = window_of(site);
  return make_convolution(site, {.src = x.shape,
                                 .dst = y.shape,
                                 .groups = group_of(site),
                                 .kernel = window.kernel,
                                 .strides = window.strides,
                                 .dilations = window.dilations,
                                 .pads_begin = window.pads_begin,
                                 .pads_end = window.pads_end,
                                 .has_bias = site.has(kConvolutionBias),
                                 .adds_dst = site.has(kConvolutionAddend),
                                 .activation = fused_activation(site.node)});
}

constexpr OpSpec kOps[] = {
    {.op_type = "Conv",
     .infer = infer,
     .make = halves_too<infer, make>,
     .channels_last_inputs = 1,
     .float_types = "float16 bfloat16 float32"},
    {.op_type = "Conv",
     .domain = kFusedDomain,
     .infer = infer,
     .make = make,
     .in_place = kConvolutionAddend,
     .channels_last_inputs = 1 | 1 << kConvolutionAddend},
};

}  // namespace

std::span<const OpSpec> ops_conv() { return kOps; }

}  // namespace zeropoint
