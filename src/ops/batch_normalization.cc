#include <cmath>

#include "kernels/affine/affine.h"
#include "ops/arguments.h"
#include "ops/narrow_types.h"

namespace zeropoint {
namespace {

enum Input : std::size_t { kX, kScale, kBias, kMean, kVariance };

bool is_training(const OpSite& site) {
  if (site.opset >= 14) return site.node.get_int("training_mode", 0) != 0;
  return site.opset < 7 && site.node.get_int("is_test", 0) == 0;
}

std::int64_t channels_of(const OpSite& site) {
  const Shape& shape = site.input(kX).shape;
  return shape.size() < 2 ? 1 : shape[1];
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(kX);
  if (x.shape.empty()) site.invalid("the input is a scalar");
  for (const std::size_t i : {kScale, kBias, kMean, kVariance}) {
    if (site.input(i).shape != Shape{channels_of(site)}) {
      site.invalid("input {} has shape {}, not [{}]", i, to_string(site.input(i).shape), channels_of(site));
    }
  }
  if (site.opset < 9 && site.node.get_int("spatial", 1) == 0) site.unsupported("spatial = 0 is not offered");
  std::vector<ValueFacts> outputs = {{.dtype = x.dtype, .shape = x.shape, .layout = x.layout}};
  if (is_training(site)) {
    const ValueFacts running = {.dtype = site.input(kMean).dtype, .shape = site.input(kMean).shape};
    outputs.push_back(running);
    outputs.push_back(running);
  }
  return outputs;
}

/// How x lies: `groups` times `channels` times `run` elements; a channels_last or rank-2 array has run 1.
struct Extent {
  std::int64_t groups;
  std::int64_t channels;
  std::int64_t run;
};

Extent extent_of(const OpSite& site) {
  const ValueFacts& x = site.input(kX);
  const std::int64_t channels = channels_of(site);
  if (x.layout == Layout::channels_last || x.shape.size() < 3) {
    return {channels == 0 ? 0 : element_count(x.shape) / channels, channels, 1};
  }
  return {x.shape[0], channels, count_between(x.shape, 2, x.shape.size())};
}

struct Line {
  std::vector<float> scale;
  std::vector<float> offset;
};

/// y = scale (x - mean) / sqrt(variance + epsilon) + bias, as a line per channel.
Line line_of(const float* scale, const float* bias, const float* mean, const float* variance, std::int64_t channels,
             float epsilon) {
  Line line;
  for (std::int64_t c = 0; c < channels; ++c) {
    line.scale.push_back(scale[c] / std::sqrt(variance[c] + epsilon));
    line.offset.push_back(bias[c] - mean[c] * line.scale.back());
  }
  return line;
}

void run_line(const Line& line, const Extent& extent, const KernelIo& io) {
  const float* x = io.in(kX).data<float>();
  float* y = io.out(0).mutable_data<float>();
  if (extent.run == 1) {
    affine_columns_f32(x, line.scale.data(), line.offset.data(), y, extent.groups, extent.channels);
  } else {
    affine_rows_f32(x, line.scale.data(), line.offset.data(), y, extent.groups * extent.channels, extent.channels,
                    extent.run);
  }
}

Line line_of(const KernelIo& io, std::int64_t channels, float epsilon) {
  return line_of(io.in(kScale).data<float>(), io.in(kBias).data<float>(), io.in(kMean).data<float>(),
                 io.in(kVariance).data<float>(), channels, epsilon);
}

/// Mean and (biased) variance of x per channel.
void moments(const float* x, const Extent& extent, std::vector<float>& mean, std::vector<float>& variance) {
  const double count = static_cast<double>(extent.groups * extent.run);
  for (std::int64_t c = 0; c < extent.channels; ++c) {
    const auto sum_of = [&](auto&& f) {
      double sum = 0;
      for (std::int64_t g = 0; g < extent.groups; ++g) {
        const float* run = x + (g * extent.channels + c) * extent.run;
        for (std::int64_t i = 0; i < extent.run; ++i) sum += f(double{run[i]});
      }
      return sum;
    };
    const double average = sum_of([](double v) { return v; }) / count;
    mean.push_back(static_cast<float>(average));
    variance.push_back(static_cast<float>(sum_of([&](double v) { return (v - average) * (v - average); }) / count));
  }
}

void run_training(const KernelIo& io, const Extent& extent, float epsilon, float momentum) {
  std::vector<float> mean;
  std::vector<float> variance;
  moments(io.in(kX).data<float>(), extent, mean, variance);
  run_line(line_of(io.in(kScale).data<float>(), io.in(kBias).data<float>(), mean.data(), variance.data(),
                   extent.channels, epsilon),
           extent, io);
  const auto blend = [&](std::size_t output, Input before, const std::vector<float>& now) {
    if (output >= io.outputs.size() || !io.out(output)) return;
    for (std::size_t c = 0; c < now.size(); ++c) {
      io.out(output).mutable_data<float>()[c] = io.in(before).data<float>()[c] * momentum + now[c] * (1 - momentum);
    }
  };
  blend(1, kMean, mean);
  blend(2, kVariance, variance);
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  const float epsilon = site.node.get_float("epsilon", 1e-5F);
  const Extent extent = extent_of(site);
  for (std::size_t i = 0; i < site.inputs.size(); ++i) {
    if (site.input(i).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(i).dtype));
  }
  if (is_training(site)) {
    return make_kernel([=, momentum = site.node.get_float("momentum", 0.9F)](const KernelIo& io) {
      run_training(io, extent, epsilon, momentum);
    });
  }
  const bool is_constant = site.input(kScale).constant && site.input(kBias).constant && site.input(kMean).constant &&
                           site.input(kVariance).constant;
  if (!is_constant) {
    return make_kernel([=](const KernelIo& io) { run_line(line_of(io, extent.channels, epsilon), extent, io); });
  }
  const auto values = [&](Input input) { return site.input(input).constant.data<float>(); };
  return make_kernel(
      [extent, line = line_of(values(kScale), values(kBias), values(kMean), values(kVariance), extent.channels,
                              epsilon)](const KernelIo& io) { run_line(line, extent, io); });
}

constexpr OpSpec kOps[] = {
    {.op_type = "BatchNormalization",
     .infer = infer,
     .make = halves_too<infer, make>,
     .in_place = 0,
     .takes_either_layout = true,
     .float_types = "float16 bfloat16 float32"},
};

}  // namespace

std::span<const OpSpec> ops_batch_normalization() { return kOps; }

}  // namespace zeropoint
