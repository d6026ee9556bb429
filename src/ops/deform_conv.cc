#include <algorithm>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "kernels/small_gemm/small_gemm.h"
#include "ops/arguments.h"
#include "ops/narrow_types.h"
#include "ops/window.h"

namespace zeropoint {
namespace {

constexpr std::size_t kX = 0, kW = 1, kOffset = 2, kBias = 3, kMask = 4;

struct Plan {
  std::int64_t batch, channels, height, width;
  std::int64_t out_channels, groups, offset_groups;
  Window window;

  std::int64_t taps() const { return window.kernel[0] * window.kernel[1]; }
  std::int64_t pixels() const { return window.output[0] * window.output[1]; }
};

Plan plan_of(const OpSite& site) {
  const Shape& x = site.input(kX).shape;
  const Shape& w = site.input(kW).shape;
  if (x.size() != 4 || w.size() != 4) {
    site.unsupported("input {} and weight {}: only two spatial axes are offered", to_string(x), to_string(w));
  }
  Plan p{.batch = x[0],
         .channels = x[1],
         .height = x[2],
         .width = x[3],
         .out_channels = w[0],
         .groups = site.node.get_int("group", 1),
         .offset_groups = site.node.get_int("offset_group", 1),
         .window = sliding_window(site, x, {w[2], w[3]})};
  if (p.groups < 1 || p.offset_groups < 1 || p.out_channels % p.groups != 0 || w[1] * p.groups != p.channels ||
      p.channels % p.offset_groups != 0) {
    site.invalid("input {}, weight {}, group {} and offset_group {} do not fit together", to_string(x), to_string(w),
                 p.groups, p.offset_groups);
  }
  if (element_count(x) == 0) site.invalid("the input {} is empty", to_string(x));
  const auto check = [&](std::size_t i, std::string_view role, const Shape& expected) {
    if (!site.has(i)) return;
    if (site.input(i).shape != expected || site.input(i).dtype != site.input(kX).dtype) {
      site.invalid("{} is {} of shape {}; {} is expected", role, name(site.input(i).dtype),
                   to_string(site.input(i).shape), to_string(expected));
    }
  };
  const std::int64_t maps = p.offset_groups * p.taps();
  site.input(kOffset);  // not optional
  check(kOffset, "the offset", {p.batch, 2 * maps, p.window.output[0], p.window.output[1]});
  check(kBias, "the bias", {p.out_channels});
  check(kMask, "the mask", {p.batch, maps, p.window.output[0], p.window.output[1]});
  return p;
}

std::vector<ValueFacts> infer(const OpSite& site) {
  const Plan p = plan_of(site);
  return {planned(site, site.input(kX).dtype, windowed_shape(p.batch, p.out_channels, p.window))};
}

/// Four pixels around a place between pixels; pixels outside the image weigh 0.
struct Sample {
  std::int64_t offsets[4];
  float weights[4];
};

Sample sample_at(const Plan& p, float y, float x, float scale) {
  Sample sample{};
  const float top = std::floor(y);
  const float left = std::floor(x);
  for (int k = 0; k < 4; ++k) {
    const int below = k / 2;
    const float row = top + static_cast<float>(below);
    const float column = left + static_cast<float>(k % 2);
    const bool is_inside =
        row >= 0 && row < static_cast<float>(p.height) && column >= 0 && column < static_cast<float>(p.width);
    if (!is_inside) continue;
    sample.offsets[k] = static_cast<std::int64_t>(row) * p.width + static_cast<std::int64_t>(column);
    sample.weights[k] = scale * (1 - std::abs(y - row)) * (1 - std::abs(x - column));
  }
  return sample;
}

/// Output pixels that are computed together: their windows, sampled where the offsets say, are the columns of a matrix
/// that the weights multiply.
class DeformConv final : public Kernel {
 public:
  explicit DeformConv(const OpSite& site) : p_(plan_of(site)) {}

  void run(const KernelIo& io) override {
    const std::int64_t strips = (p_.pixels() + kStrip - 1) / kStrip;
    parallel_chunks(p_.batch * strips, [&](std::int64_t i) {
      const std::int64_t first = i % strips * kStrip;
      convolve(io, i / strips, first, std::min(kStrip, p_.pixels() - first));
    });
  }

 private:
  static constexpr std::int64_t kStrip = 128;

  void convolve(const KernelIo& io, std::int64_t batch, std::int64_t first, std::int64_t count) const {
    const std::int64_t per_group = p_.channels / p_.groups * p_.taps();
    std::vector<float> columns(static_cast<std::size_t>(p_.channels * p_.taps() * count));
    fill(io, batch, first, count, columns.data());
    const std::int64_t outputs = p_.out_channels / p_.groups;
    for (std::int64_t group = 0; group < p_.groups; ++group) {
      float* y = io.out(0).mutable_data<float>() + (batch * p_.out_channels + group * outputs) * p_.pixels() + first;
      for (std::int64_t o = 0; o < outputs; ++o) {
        std::fill_n(y + o * p_.pixels(), count, io.has(kBias) ? io.in(kBias).data<float>()[group * outputs + o] : 0.0F);
      }
      small_gemm({.m = outputs,
                  .n = count,
                  .k = per_group,
                  .a = io.in(kW).data<float>() + group * outputs * per_group,
                  .lda = per_group,
                  .b = columns.data() + group * per_group * count,
                  .ldb = count,
                  .c = y,
                  .ldc = p_.pixels(),
                  .accumulate = true});
    }
  }

  /// columns[channel][tap][pixel]
  void fill(const KernelIo& io, std::int64_t batch, std::int64_t first, std::int64_t count, float* columns) const {
    const std::int64_t shared = p_.channels / p_.offset_groups;  // channels that one offset moves
    for (std::int64_t map = 0; map < p_.offset_groups * p_.taps(); ++map) {
      const std::int64_t tap = map % p_.taps();
      const std::int64_t first_channel = map / p_.taps() * shared;
      const std::int64_t plane = batch * p_.offset_groups * p_.taps() + map;
      const float* offset = io.in(kOffset).data<float>() + 2 * plane * p_.pixels();
      const float* mask = io.has(kMask) ? io.in(kMask).data<float>() + plane * p_.pixels() : nullptr;
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t pixel = first + i;
        const std::int64_t row = place(0, pixel / p_.window.output[1], tap / p_.window.kernel[1]);
        const std::int64_t column = place(1, pixel % p_.window.output[1], tap % p_.window.kernel[1]);
        const Sample s =
            sample_at(p_, static_cast<float>(row) + offset[pixel],
                      static_cast<float>(column) + offset[p_.pixels() + pixel], mask != nullptr ? mask[pixel] : 1);
        for (std::int64_t c = first_channel; c < first_channel + shared; ++c) {
          const float* x = io.in(kX).data<float>() + (batch * p_.channels + c) * p_.height * p_.width;
          columns[(c * p_.taps() + tap) * count + i] = s.weights[0] * x[s.offsets[0]] + s.weights[1] * x[s.offsets[1]] +
                                                       s.weights[2] * x[s.offsets[2]] + s.weights[3] * x[s.offsets[3]];
        }
      }
    }
  }

  /// Where a tap of a window falls in the input before it is moved.
  std::int64_t place(std::size_t axis, std::int64_t window, std::int64_t tap) const {
    return window * p_.window.strides[axis] - p_.window.pads_begin[axis] + tap * p_.window.dilations[axis];
  }

  Plan p_;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(kX).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(kX).dtype));
  return std::make_unique<DeformConv>(site);
}

constexpr OpSpec kOps[] = {
    {.op_type = "DeformConv", .since = 19, .infer = infer, .make = halves_too<infer, make>},
};

}  // namespace

std::span<const OpSpec> ops_deform_conv() { return kOps; }

}  // namespace zeropoint
