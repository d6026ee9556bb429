// BatchNormalization in inference form: y = (x - mean) / sqrt(variance + epsilon) * scale + bias per channel.
#include <cmath>

#include "base/parallel.h"
#include "ops/arguments.h"

namespace zeropoint {
namespace {

std::vector<ValueFacts> infer(const OpSite& site) {
  const ValueFacts& x = site.input(0);
  if (site.node.get_int("training_mode", 0) != 0) site.unsupported("training mode is not offered");
  for (std::size_t i = 1; i < 5; ++i) {
    if (x.shape.size() < 2 || site.input(i).shape != Shape{x.shape[1]}) {
      site.invalid("input {} has shape {}, the data {}", i, to_string(site.input(i).shape), to_string(x.shape));
    }
  }
  return {planned(site, x.dtype, x.shape)};
}

std::unique_ptr<Kernel> make(const OpSite& site) {
  if (site.input(0).dtype != DType::f32) site.unsupported("{} is not offered", name(site.input(0).dtype));
  const float epsilon = site.node.get_float("epsilon", 1e-5F);
  return make_kernel([epsilon, shape = site.input(0).shape](const KernelIo& io) {
    const std::int64_t plane = count_between(shape, 2, shape.size());
    parallel_chunks(shape[0] * shape[1], [&](std::int64_t i) {
      const std::int64_t c = i % shape[1];
      const float factor = io.in(1).data<float>()[c] / std::sqrt(io.in(4).data<float>()[c] + epsilon);
      const float offset = io.in(2).data<float>()[c] - io.in(3).data<float>()[c] * factor;
      for (std::int64_t j = i * plane; j < (i + 1) * plane; ++j) {
        io.out(0).mutable_data<float>()[j] = io.in(0).data<float>()[j] * factor + offset;
      }
    });
  });
}

constexpr OpSpec kOps[] = {{.op_type = "BatchNormalization", .since = 7, .infer = infer, .make = make, .in_place = 0}};

}  // namespace

std::span<const OpSpec> ops_batch_normalization() { return kOps; }

}  // namespace zeropoint
