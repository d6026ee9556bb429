#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "kernels/elementwise/binary.h"
#include "kernels/normalize/normalize.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"

// InstanceNormalization and GroupNormalization: mean and variance over the pixels of one channel, or of
// a group of channels, of one sample. Scale and bias belong to channels (to groups in GroupNormalization-18).
namespace zeropoint {
namespace {

struct Geometry {
  std::int64_t samples, groups, channels_per_group, pixels;
};

Geometry geometry_of(const OpSite& site) {
  const Shape& shape = site.input(0).shape;
  if (shape.size() < 2) site.invalid("input of shape {} has no channels", to_string(shape));
  const std::int64_t channels = shape[1];
  const bool is_grouped = site.node.op_type == "GroupNormalization";
  const std::int64_t groups = is_grouped ? site.node.get_int("num_groups", 0) : channels;
  if (groups <= 0 || channels % groups != 0) {
    if (groups != channels) site.invalid("num_groups = {} does not divide {} channels", groups, channels);
    return {shape[0], 0, 0, 0};
  }
  return {shape[0], groups, channels / groups, count_between(shape, 2, shape.size())};
}

class GroupNormalizationKernel final : public Kernel {
 public:
  explicit GroupNormalizationKernel(const OpSite& site)
      : g_(geometry_of(site)), epsilon_(site.node.get_float("epsilon", 1e-5F)) {
    const std::int64_t channels = g_.groups * g_.channels_per_group;
    for (const std::size_t i : {1U, 2U}) {
      per_group_ = site.node.op_type == "GroupNormalization" && site.opset < 21;
      const Shape expected{per_group_ ? g_.groups : channels};
      if (site.input(i).dtype != site.input(0).dtype || site.input(i).shape != expected) {
        site.invalid("{} is {} {}; {} {} is expected", i == 1 ? "scale" : "bias", name(site.input(i).dtype),
                     to_string(site.input(i).shape), name(site.input(0).dtype), to_string(expected));
      }
    }
  }

  void run(const KernelIo& io) override {
    const float* scale = io.in(1).data<float>();
    const float* bias = io.in(2).data<float>();
    const std::int64_t size = g_.channels_per_group * g_.pixels;
    parallel_ranges(g_.samples * g_.groups, std::max<std::int64_t>(1, kCostlyGrain / std::max<std::int64_t>(size, 1)),
                    [&](std::int64_t begin, std::int64_t end) {
                      for (std::int64_t i = begin; i < end; ++i) {
                        const float* x = io.in(0).data<float>() + i * size;
                        normalize_group(x, io.out(0).mutable_data<float>() + i * size, i % g_.groups, scale, bias);
                      }
                    });
  }

 private:
  void normalize_group(const float* x, float* y, std::int64_t group, const float* scale, const float* bias) const {
    const std::int64_t size = g_.channels_per_group * g_.pixels;
    if (per_group_ || g_.channels_per_group == 1) {
      return normalize_uniform_f32(x, y, size, epsilon_, scale[group], bias[group]);
    }
    normalize_uniform_f32(x, y, size, epsilon_, 1.0F, 0.0F);
    const std::int64_t first = group * g_.channels_per_group;
    const StridedF32 pixels{y, g_.pixels, 1};
    binary_f32(BinaryF32::mul, pixels, {scale + first, 1, 0}, y, g_.channels_per_group, g_.pixels);
    binary_f32(BinaryF32::add, pixels, {bias + first, 1, 0}, y, g_.channels_per_group, g_.pixels);
  }

  Geometry g_;
  float epsilon_;
  bool per_group_ = false;
};

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  return std::make_unique<GroupNormalizationKernel>(site);
}

constexpr OpSpec spec(std::string_view op_type, int since) {
  return {.op_type = op_type,
          .since = since,
          .infer = infer_like_input,
          .make = halves_too<infer_like_input, make>,
          .in_place = 0,
          .float_types = "float16 bfloat16 float32"};
}
constexpr OpSpec kOps[] = {spec("InstanceNormalization", 6), spec("GroupNormalization", 18)};

}  // namespace

std::span<const OpSpec> ops_instance_normalization() { return kOps; }

}  // namespace zeropoint
