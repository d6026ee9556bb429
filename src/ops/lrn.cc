#include <algorithm>
#include <cmath>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// LRN: y = x / (bias + alpha / size * sum of squares over `size` neighbouring channels)^beta.
namespace zeropoint {
namespace {

struct LrnParams {
  std::int64_t size;
  float alpha, beta, bias;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  if (shape.size() < 2) site.invalid("input of shape {} has no channels", to_string(shape));
  const LrnParams p{site.node.get_int("size", 0), site.node.get_float("alpha", 1e-4F),
                    site.node.get_float("beta", 0.75F), site.node.get_float("bias", 1.0F)};
  if (p.size <= 0) site.invalid("size = {}; it must be positive", p.size);
  const std::int64_t channels = shape[1];
  const std::int64_t pixels = count_between(shape, 2, shape.size());
  return make_kernel([p, channels, pixels](const KernelIo& io) {
    const std::int64_t planes = pixels == 0 ? 0 : io.in(0).size() / pixels;
    parallel_ranges(planes, std::max<std::int64_t>(1, kCostlyGrain / std::max<std::int64_t>(pixels, 1)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t plane = begin; plane < end; ++plane) {
                        const std::int64_t channel = plane % channels;
                        const std::int64_t low = std::max<std::int64_t>(0, channel - (p.size - 1) / 2) - channel;
                        const std::int64_t high = std::min(channels - 1, channel + p.size / 2) - channel;
                        const float* x = io.in(0).data<float>() + plane * pixels;
                        float* y = io.out(0).mutable_data<float>() + plane * pixels;
                        for (std::int64_t i = 0; i < pixels; ++i) {
                          float sum = 0;
                          for (std::int64_t c = low; c <= high; ++c) sum += x[c * pixels + i] * x[c * pixels + i];
                          y[i] = x[i] / std::pow(p.bias + p.alpha / static_cast<float>(p.size) * sum, p.beta);
                        }
                      }
                    });
  });
}

constexpr OpSpec kOps[] = {{.op_type = "LRN",
                            .infer = infer_like_input,
                            .make = halves_too<infer_like_input, make>,
                            .float_types = "float16 bfloat16 float32"}};

}  // namespace

std::span<const OpSpec> ops_lrn() { return kOps; }

}  // namespace zeropoint
