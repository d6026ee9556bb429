#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.h"
#include "kernels/minmax/minmax.h"
#include "kernels/quantize/quantize.h"
#include "ops/elementwise.h"
#include "ops/required_outputs.h"

// DynamicQuantizeLinear: uint8 codes on the grid of the tensor's own range, which is widened to contain 0.
//   scale = (max - min) / 255, zero_point = rint(clamp(-min / scale, 0, 255))
namespace zeropoint {
namespace {

constexpr float kSteps = 255;

MinMax range_of(const Tensor& x) {
  const std::int64_t chunks = (x.size() + kCheapGrain - 1) / kCheapGrain;
  std::vector<MinMax> parts(static_cast<std::size_t>(chunks));
  parallel_chunks(chunks, [&](std::int64_t i) {
    const std::int64_t begin = i * kCheapGrain;
    parts[static_cast<std::size_t>(i)] = minmax_f32(x.data<float>() + begin, std::min(kCheapGrain, x.size() - begin));
  });
  MinMax range{.min = 0, .max = 0};
  for (const MinMax& part : parts) range = merge(range, part);
  return range;
}

void run(const KernelIo& io) {
  const Tensor& x = io.in(0);
  const MinMax range = range_of(x);
  const float span = range.max - range.min;
  const float scale = span == 0 ? 1.0F : span / kSteps;
  const float zero_point = std::nearbyint(std::clamp(0.0F - range.min / scale, 0.0F, kSteps));
  *io.out(1).mutable_data<float>() = scale;
  *io.out(2).mutable_data<std::uint8_t>() = static_cast<std::uint8_t>(zero_point);
  const CodeGrid grid{scale, static_cast<std::int32_t>(zero_point), {0, 255}};
  // From the end: what was read last is still in the cache.
  const std::int64_t chunks = (x.size() + kCheapGrain - 1) / kCheapGrain;
  parallel_chunks(chunks, [&](std::int64_t i) {
    const std::int64_t begin = (chunks - 1 - i) * kCheapGrain;
    const std::int64_t n = std::min(kCheapGrain, x.size() - begin);
    quantize_f32_u8(x.data<float>() + begin, n, grid, io.out(0).mutable_data<std::uint8_t>() + begin);
  });
}

std::vector<ValueFacts> infer(const OpSite& site) {
  require_outputs(site, 3);
  if (site.input(0).dtype != DType::f32) site.invalid("input is {}, not float32", name(site.input(0).dtype));
  return {{.dtype = DType::u8, .shape = site.input(0).shape},
          {.dtype = DType::f32, .shape = {}},
          {.dtype = DType::u8, .shape = {}}};
}

std::unique_ptr<Kernel> make(const OpSite&) { return make_kernel(run); }

constexpr OpSpec kOps[] = {
    {.op_type = "DynamicQuantizeLinear", .since = 11, .infer = infer, .make = make, .integer_types = "uint8"}};

}  // namespace

std::span<const OpSpec> ops_dynamic_quantize_linear() { return kOps; }

}  // namespace zeropoint
