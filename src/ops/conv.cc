#include "ops/arguments.h"
#include "ops/convolution_kernel.h"
#include "ops/fused_activation.h"
#include "ops/narrow_types.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

/// Shapes of Conv: x [N, C, spatial...], w [M, C/group, kernel...], b [M].
Window window_of(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  return sliding_window(site, x.shape, weight_kernel(site, x.shape, site.input(1).shape));
}

std::int64_t group_of(const OpSite& site) { return convolution_groups(site, site.input(0).shape, site.input(1).shape); }

std::vector<ValueFacts> infer(const OpSite& site) {
  const Window window = window_of(site);
  group_of(site);
  return {infer_convolution(site, site.input(1).shape[0], window)};
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
