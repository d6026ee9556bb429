#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "kernels/elementwise/unary.h"
#include "ops/arguments.h"
#include "ops/choice.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

constexpr std::size_t kX = 0, kWeight = 1, kBias = 2, kPast = 3;
enum class Activation { none, swish };
constexpr Choice<Activation> kActivations[] = {
    {"none", Activation::none}, {"silu", Activation::swish}, {"swish", Activation::swish}};

std::vector<ValueFacts> infer(const OpSite& site) {
  const Shape& x = site.input(kX).shape;
  const Shape& w = site.input(kWeight).shape;
  if (x.size() != 3 || w.size() != 3 || w[0] != x[1] || w[1] != 1 || w[2] < 1) {
    site.invalid("the input {} and the weight {} are not [N, C, L] and [C, 1, k]", to_string(x), to_string(w));
  }
  const Shape state = {x[0], x[1], w[2] - 1};
  if (site.has(kBias) && site.input(kBias).shape != Shape{x[1]}) {
    site.invalid("the bias has shape {}; [{}] is expected", to_string(site.input(kBias).shape), x[1]);
  }
  if (site.has(kPast) && site.input(kPast).shape != state) {
    site.invalid("past_state has shape {}; {} is expected", to_string(site.input(kPast).shape), to_string(state));
  }
  const DType dtype = site.input(kX).dtype;
  return {{.dtype = dtype, .shape = x}, planned(site, dtype, state)};
}

/// y[t] = bias + sum over j of weight[j] * z[t + j], where z is the past state followed by the input.
std::unique_ptr<Kernel> make(const OpSite& site) {
  for (const ValueFacts& input : site.inputs) {
    if (input && input.dtype != DType::f32) site.unsupported("{} is not offered", name(input.dtype));
  }
  const Activation activation = chosen(site, "activation", kActivations, "none");
  const std::int64_t channels = site.input(kX).shape[1];
  const std::int64_t length = site.input(kX).shape[2];
  const std::int64_t taps = site.input(kWeight).shape[2];
  return make_kernel([=](const KernelIo& io) {
    constexpr std::int64_t kChannelsPerChunk = 16;
    parallel_ranges(io.in(kX).dim(0) * channels, kChannelsPerChunk, [&](std::int64_t begin, std::int64_t end) {
      std::vector<float> z(static_cast<std::size_t>(taps - 1 + length));
      for (std::int64_t i = begin; i < end; ++i) {
        const float* weight = io.in(kWeight).data<float>() + i % channels * taps;
        const float bias = io.has(kBias) ? io.in(kBias).data<float>()[i % channels] : 0;
        std::fill_n(z.begin(), taps - 1, 0.0F);
        if (io.has(kPast)) std::copy_n(io.in(kPast).data<float>() + i * (taps - 1), taps - 1, z.begin());
        std::copy_n(io.in(kX).data<float>() + i * length, length, z.begin() + taps - 1);
        float* y = io.out(0).mutable_data<float>() + i * length;
        std::fill_n(y, length, bias);
        for (std::int64_t j = 0; j < taps; ++j) {
          const float* from = z.data() + j;
          for (std::int64_t t = 0; t < length; ++t) y[t] += weight[j] * from[t];
        }
        if (activation == Activation::swish) unary_f32(UnaryF32::swish, {.alpha = 1}, y, y, length);
        if (io.outputs.size() > 1 && io.out(1)) {
          std::copy_n(z.begin() + length, taps - 1, io.out(1).mutable_data<float>() + i * (taps - 1));
        }
      }
    });
  });
}

constexpr OpSpec kOps[] = {
    {.op_type = "CausalConvWithState", .since = 27, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_causal_conv_with_state() { return kOps; }

}  // namespace zeropoint
