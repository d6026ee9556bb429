#include "ops/unary.h"

#include <algorithm>

#include "base/parallel.h"
#include "ops/elementwise.h"
#include "ops/wide.h"

namespace zeropoint {
namespace {

/// Functions that cost no more than reading and writing their element.
bool is_cheap(UnaryF32 f) {
  constexpr UnaryF32 kCheap[] = {UnaryF32::abs,
                                 UnaryF32::neg,
                                 UnaryF32::floor,
                                 UnaryF32::ceil,
                                 UnaryF32::round,
                                 UnaryF32::square,
                                 UnaryF32::cube,
                                 UnaryF32::relu,
                                 UnaryF32::clip,
                                 UnaryF32::leaky_relu,
                                 UnaryF32::thresholded_relu};
  return std::ranges::find(kCheap, f) != std::end(kCheap);
}

}  // namespace

bool computes_as_f32(const OpSite& site) {
  const DType dtype = site.input(0).dtype;
  return dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

std::unique_ptr<Kernel> make_unary_f32(const OpSite& site, UnaryF32 f, UnaryParams params) {
  const std::int64_t grain = is_cheap(f) ? kCheapGrain : kCostlyGrain;
  if (site.input(0).dtype == DType::f32) {
    return make_kernel([f, params, grain](const KernelIo& io) {
      const float* x = io.in(0).data<float>();
      float* y = io.out(0).mutable_data<float>();
      parallel_ranges(io.in(0).size(), grain, [&](std::int64_t begin, std::int64_t end) {
        unary_f32(f, params, x + begin, y + begin, end - begin);
      });
    });
  }
  return make_kernel([f, params, grain](const KernelIo& io) {
    const Tensor& x = io.in(0);
    Tensor& y = io.out(0);
    parallel_ranges(x.size(), grain, [&](std::int64_t begin, std::int64_t end) {
      WideBlock block;
      for (std::int64_t i = begin; i < end; i += kWideBlock) {
        const std::int64_t n = std::min(kWideBlock, end - i);
        load_wide(x.dtype(), x.raw(), i, n, block.bytes);
        unary_f32(f, params, block.as<float>(), block.as<float>(), n);
        store_wide(y.dtype(), y.mutable_raw(), i, n, block.bytes);
      }
    });
  });
}

}  // namespace zeropoint
