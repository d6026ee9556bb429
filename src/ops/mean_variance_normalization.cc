#include <cmath>

#include "base/parallel.h"
#include "ops/arguments.h"
#include "ops/elementwise.h"
#include "ops/narrow_types.h"
#include "ops/reduce_plan.h"

// MeanVarianceNormalization: (x - mean) / (standard deviation + 1e-9) over the given axes.
namespace zeropoint {
namespace {

constexpr double kEpsilon = 1e-9;

void normalize(const ReducePlan& plan, const float* x, float* y) {
  const auto count = static_cast<double>(plan.inputs_per_output);
  const auto for_each = [&](std::int64_t start, auto&& body) {
    for (const std::int64_t offset : plan.offsets) {
      for (std::int64_t i = 0; i < plan.inner.size; ++i) body(start + offset + i * plan.inner.stride);
    }
  };
  const std::int64_t grain = kCostlyGrain / (plan.inputs_per_output + 1) + 1;
  parallel_ranges(plan.outputs, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t group = begin; group < end; ++group) {
      const std::int64_t start = plan.start_of(group);
      double sum = 0;
      for_each(start, [&](std::int64_t i) { sum += static_cast<double>(x[i]); });
      const double mean = sum / count;
      double squares = 0;
      for_each(start, [&](std::int64_t i) {
        squares += (static_cast<double>(x[i]) - mean) * (static_cast<double>(x[i]) - mean);
      });
      const double divisor = std::sqrt(squares / count) + kEpsilon;
      for_each(start, [&](std::int64_t i) { y[i] = static_cast<float>((static_cast<double>(x[i]) - mean) / divisor); });
    }
  });
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  const Shape& shape = site.input(0).shape;
  std::vector<bool> is_reduced(shape.size(), false);
  const std::vector<std::int64_t> axes = site.node.get_ints("axes", {0, 2, 3});
  for (const std::int64_t axis : positive_axes(site, axes, static_cast<std::int64_t>(shape.size()))) {
    is_reduced[static_cast<std::size_t>(axis)] = true;
  }
  return make_kernel([plan = plan_reduction(shape, is_reduced)](const KernelIo& io) {
    normalize(plan, io.in(0).data<float>(), io.out(0).mutable_data<float>());
  });
}

constexpr OpSpec kOps[] = {{.op_type = "MeanVarianceNormalization",
                            .since = 9,
                            .infer = infer_like_input,
                            .make = halves_too<infer_like_input, make>,
                            .float_types = "float16 bfloat16 float32"}};

}  // namespace

std::span<const OpSpec> ops_mean_variance_normalization() { return kOps; }

}  // namespace zeropoint
