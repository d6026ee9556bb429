// The reduction of reduce.h on Highway vectors, to be fused into other kernels.

#if defined(ZEROPOINT_KERNELS_REDUCE_REDUCE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_REDUCE_REDUCE_INL_H_
#undef ZEROPOINT_KERNELS_REDUCE_REDUCE_INL_H_
#else
#define ZEROPOINT_KERNELS_REDUCE_REDUCE_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "kernels/reduce/lanes.h"
#include "kernels/reduce/reduce.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using ReduceTag = hn::CappedTag<float, kReduceLanes>;

/// What happens to an element before it is combined.
template <ReduceF32 op, class DV, class V>
HWY_INLINE V prepared(DV, V x) {
  if constexpr (op == ReduceF32::sum_abs) return hn::Abs(x);
  if constexpr (op == ReduceF32::sum_squares) return hn::Mul(x, x);
  return x;
}

template <ReduceF32 op, class DV, class V>
HWY_INLINE V combined(DV, V sum, V x) {
  if constexpr (op == ReduceF32::max) return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Gt(x, sum)), x, sum);
  if constexpr (op == ReduceF32::min) return hn::IfThenElse(hn::Or(hn::IsNaN(x), hn::Lt(x, sum)), x, sum);
  if constexpr (op == ReduceF32::prod) return hn::Mul(sum, x);
  return hn::Add(sum, x);
}

/// One block into its running results, which are `lanes` (kReduceLanes of them). A short last line changes few lanes.
template <ReduceF32 op>
HWY_INLINE void reduce_block(const float* x, std::size_t n, float shift, float* lanes) {
  const ReduceTag d;
  constexpr std::size_t kStep = 4;  // vectors held in registers at a time
  const std::size_t width = hn::Lanes(d);
  const auto offset = hn::Set(d, shift);
  const std::size_t lines = n / kReduceLanes;
  for (std::size_t lane = 0; lane < kReduceLanes; lane += kStep * width) {
    auto a = hn::Load(d, lanes + lane);
    auto b = hn::Load(d, lanes + lane + width);
    auto c = hn::Load(d, lanes + lane + 2 * width);
    auto e = hn::Load(d, lanes + lane + 3 * width);
    for (std::size_t line = 0; line < lines; ++line) {
      const float* from = x + line * kReduceLanes + lane;
      a = combined<op>(d, a, prepared<op>(d, hn::Sub(hn::LoadU(d, from), offset)));
      b = combined<op>(d, b, prepared<op>(d, hn::Sub(hn::LoadU(d, from + width), offset)));
      c = combined<op>(d, c, prepared<op>(d, hn::Sub(hn::LoadU(d, from + 2 * width), offset)));
      e = combined<op>(d, e, prepared<op>(d, hn::Sub(hn::LoadU(d, from + 3 * width), offset)));
    }
    hn::Store(a, d, lanes + lane);
    hn::Store(b, d, lanes + lane + width);
    hn::Store(c, d, lanes + lane + 2 * width);
    hn::Store(e, d, lanes + lane + 3 * width);
  }
  std::size_t i = lines * kReduceLanes;
  for (std::size_t lane = 0; i + width <= n; i += width, lane += width) {
    const auto value = prepared<op>(d, hn::Sub(hn::LoadU(d, x + i), offset));
    hn::Store(combined<op>(d, hn::Load(d, lanes + lane), value), d, lanes + lane);
  }
  const auto take = [&](auto few) HWY_ATTR {
    for (; i + hn::Lanes(few) <= n; i += hn::Lanes(few)) {
      float* lane = lanes + i % kReduceLanes;
      const auto value = prepared<op>(few, hn::Sub(hn::LoadU(few, x + i), hn::Set(few, shift)));
      hn::StoreU(combined<op>(few, hn::LoadU(few, lane), value), few, lane);
    }
  };
  take(hn::CappedTag<float, 4>());
  take(hn::CappedTag<float, 1>());
}

/// Halves the lanes until one is left.
template <ReduceF32 op, std::size_t kHalf = kReduceLanes / 2>
HWY_INLINE float fold(float* lanes) {
  const hn::CappedTag<float, kHalf> d;
  for (std::size_t i = 0; i < kHalf; i += hn::Lanes(d)) {
    hn::StoreU(combined<op>(d, hn::LoadU(d, lanes + i), hn::LoadU(d, lanes + i + kHalf)), d, lanes + i);
  }
  if constexpr (kHalf == 1) {
    return lanes[0];
  } else {
    return fold<op, kHalf / 2>(lanes);
  }
}

/// The whole reduction; see reduce.h.
template <ReduceF32 op>
HWY_INLINE double reduce_row(const float* x, std::size_t n, float shift) {
  const auto start = static_cast<float>(neutral(op));
  double total = neutral(op);
  for (std::size_t i = 0; i < n; i += kReduceBlock) {
    HWY_ALIGN float lanes[kReduceLanes];
    std::fill_n(lanes, kReduceLanes, start);
    reduce_block<op>(x + i, std::min<std::size_t>(kReduceBlock, n - i), shift, lanes);
    total = combine(op, total, fold<op>(lanes));
  }
  return total;
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
