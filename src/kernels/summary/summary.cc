#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/summary/summary.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>

#include "kernels/simd-inl.h"
#include "kernels/summary/summary.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

Summary summarize(const float* x, std::int64_t n) { return reference::summarize_f32(x, n); }

#else

using F64 = hn::ScalableTag<double>;
using VF64 = hn::Vec<F64>;

constexpr int kPrefetchAhead = 1024;  // elements: 4 KB

/// Sums of one vector of double lanes.
struct Sums {
  VF64 sum;
  VF64 squares;
  VF64 magnitudes;

  HWY_INLINE void add(VF64 v) {
    sum = hn::Add(sum, v);
    squares = hn::MulAdd(v, v, squares);  // the product is exact: fused or not, the same bits
    magnitudes = hn::Add(magnitudes, hn::Abs(v));
  }
};

Summary summarize(const float* x, std::int64_t n) {
  constexpr int kLanes = summary_detail::kLanes;
  constexpr int kVectors = kLanes / HWY_LANES(double);  // double vectors per step of 16 elements
  constexpr int kFloatVectors = kLanes / HWY_LANES(float);
  const F32 f;
  const U32 u;
  const F64 d;
  const hn::Half<F32> half;
  const VF64 none = hn::Zero(d);
  const VF32 zero = hn::Zero(f);
  Sums sums[kVectors];
  for (Sums& s : sums) s = {none, none, none};
  VF32 min = hn::Set(f, std::numeric_limits<float>::infinity());
  VF32 max = hn::Neg(min);
  VF32 check = zero;         // NaN once something is not finite
  auto zeros = hn::Zero(u);  // a count per lane
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    hwy::Prefetch(x + i + kPrefetchAhead);
    for (int v = 0; v < kFloatVectors; ++v) {
      const VF32 value = hn::LoadU(f, x + i + v * HWY_LANES(float));
      min = hn::Min(value, min);
      max = hn::Max(value, max);
      check = hn::MulAdd(value, zero, check);
      zeros = hn::Sub(zeros, hn::BitCast(u, hn::VecFromMask(f, hn::Eq(value, zero))));
    }
    for (int v = 0; v < kVectors; ++v) {
      sums[v].add(hn::PromoteTo(d, hn::LoadU(half, x + i + v * HWY_LANES(double))));
    }
  }
  Summary summary;
  HWY_ALIGN std::uint32_t zeros_per_lane[HWY_LANES(float)];
  hn::Store(zeros, u, zeros_per_lane);
  for (const std::uint32_t count : zeros_per_lane) summary.zeros += count;
  summary.is_finite = hn::AllTrue(f, hn::Eq(check, zero));
  summary.min = hn::GetLane(hn::MinOfLanes(f, min)) + 0.0F;  // -0 becomes +0
  summary.max = hn::GetLane(hn::MaxOfLanes(f, max)) + 0.0F;
  summary_detail::Lanes lanes;
  for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(sums[v].sum, d, lanes.sum + v * HWY_LANES(double));
    hn::StoreU(sums[v].squares, d, lanes.sum_of_squares + v * HWY_LANES(double));
    hn::StoreU(sums[v].magnitudes, d, lanes.sum_of_abs + v * HWY_LANES(double));
  }
  summary_detail::finish(x, i, n, lanes, summary);
  return summary;
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(summarize);
}  // namespace

Summary summarize_f32(const float* x, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(summarize)(x, n); }

}  // namespace zeropoint
#endif
