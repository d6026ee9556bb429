#include "kernels/grid_errors/grid_errors.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/grid_errors/grid_errors.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void GridErrors(const float* x, std::int64_t n, const GridBatch& grids, double* errors) {
  reference::grid_errors_f32(x, n, grids, errors);
}

double ClippingError(const float* x, std::int64_t n, float low, float high) {
  return reference::clipping_error_f32(x, n, low, high);
}

#else

/// One vector of grids.
struct GridLanes {
  VF32 scale, inverse, lowest, highest;

  HWY_INLINE VF32 squared_error(float value) const {
    const VF32 x = hn::Set(F32(), value);
    const VF32 q = hn::Min(hn::Max(hn::Round(hn::Mul(x, inverse)), lowest), highest);
    const VF32 difference = hn::Sub(x, hn::Mul(scale, q));
    return hn::Mul(difference, difference);
  }
};

void GridErrors(const float* x, std::int64_t n, const GridBatch& grids, double* errors) {
  constexpr std::int64_t kChunk = 256;
  const F32 f;
  constexpr int kLanes = HWY_LANES(float);
  for (int g = 0; g < kGridsAtOnce; g += kLanes) {
    const VF32 scale = hn::LoadU(f, grids.scales + g);
    const GridLanes lanes{scale, hn::Div(hn::Set(f, 1.0F), scale), hn::LoadU(f, grids.lowest + g),
                          hn::LoadU(f, grids.highest + g)};
    std::fill_n(errors + g, kLanes, 0.0);
    for (std::int64_t begin = 0; begin < n; begin += kChunk) {
      const std::int64_t end = std::min(n, begin + kChunk);
      VF32 a = hn::Zero(f), b = a, c = a, d = a;
      std::int64_t i = begin;
      for (; i + 4 <= end; i += 4) {
        a = hn::Add(a, lanes.squared_error(x[i]));
        b = hn::Add(b, lanes.squared_error(x[i + 1]));
        c = hn::Add(c, lanes.squared_error(x[i + 2]));
        d = hn::Add(d, lanes.squared_error(x[i + 3]));
      }
      if (i < end) a = hn::Add(a, lanes.squared_error(x[i]));
      if (i + 1 < end) b = hn::Add(b, lanes.squared_error(x[i + 1]));
      if (i + 2 < end) c = hn::Add(c, lanes.squared_error(x[i + 2]));
      HWY_ALIGN float sums[kLanes];
      hn::Store(hn::Add(hn::Add(a, b), hn::Add(c, d)), f, sums);
      for (int lane = 0; lane < kLanes; ++lane) errors[g + lane] += double{sums[lane]};
    }
  }
}

double ClippingError(const float* x, std::int64_t n, float low, float high) {
  constexpr std::int64_t kChunk = 4096;
  const F32 f;
  constexpr auto kLanes = static_cast<std::int64_t>(HWY_LANES(float));
  const VF32 lowest = hn::Set(f, low);
  const VF32 highest = hn::Set(f, high);
  const auto squared = [&](VF32 v) HWY_ATTR {
    const VF32 beyond = hn::Sub(v, hn::Min(hn::Max(v, lowest), highest));
    return hn::Mul(beyond, beyond);
  };
  double sum = 0;
  for (std::int64_t begin = 0; begin < n; begin += kChunk) {
    const std::int64_t end = std::min(n, begin + kChunk);
    VF32 a = hn::Zero(f), b = a;
    std::int64_t i = begin;
    for (; i + 2 * kLanes <= end; i += 2 * kLanes) {
      a = hn::Add(a, squared(hn::LoadU(f, x + i)));
      b = hn::Add(b, squared(hn::LoadU(f, x + i + kLanes)));
    }
    for (; i < end; i += kLanes) a = hn::Add(a, squared(LoadOr(x + i, end - i, std::clamp(0.0F, low, high))));
    sum += double{hn::GetLane(hn::SumOfLanes(f, hn::Add(a, b)))};
  }
  return sum;
}

#endif

}  // namespace
}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(GridErrors);
HWY_EXPORT(ClippingError);
}  // namespace

void grid_errors_f32(const float* x, std::int64_t n, const GridBatch& grids, double* errors) {
  HWY_DYNAMIC_DISPATCH(GridErrors)(x, n, grids, errors);
}

double clipping_error_f32(const float* x, std::int64_t n, float low, float high) {
  return HWY_DYNAMIC_DISPATCH(ClippingError)(x, n, low, high);
}

}  // namespace zeropoint
#endif
