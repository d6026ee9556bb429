#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/minmax/minmax.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>

#include "kernels/minmax/minmax.h"
#include "kernels/prefetch.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

MinMax minmax(const float* x, std::int64_t n) { return reference::minmax_f32(x, n); }

void minmax_columns(const float* x, std::int64_t rows, std::int64_t columns, MinMax* ranges) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < columns; ++i) {
      ranges[i] = merge(ranges[i], reference::minmax_f32(x + row * columns + i, 1));
    }
  }
}

#else

constexpr std::int64_t kBlock = 32768;         // elements between two looks at the finiteness of the data
constexpr std::int64_t kPrefetchAhead = 2048;  // elements: 8 KB

/// Four independent chains hide the latency of min, max and add.
template <bool kPrefetch>
MinMax minmax_block(const float* x, std::int64_t n) {
  const F32 f;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VF32 zero = hn::Zero(f);
  VF32 min0 = hn::Set(f, std::numeric_limits<float>::infinity());
  VF32 max0 = hn::Neg(min0);
  VF32 min1 = min0, min2 = min0, min3 = min0, max1 = max0, max2 = max0, max3 = max0;
  VF32 check0 = zero, check1 = zero, check2 = zero, check3 = zero;  // NaN once something is not finite
  const auto take = [&](const float* p, VF32& min, VF32& max, VF32& check) HWY_ATTR {
    const VF32 v = LoadOnce(f, p);
    min = hn::Min(v, min);
    max = hn::Max(v, max);
    check = hn::MulAdd(v, zero, check);
  };
  std::int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    if constexpr (kPrefetch) PrefetchVectors<4>(x + i + kPrefetchAhead);
    take(x + i, min0, max0, check0);
    take(x + i + lanes, min1, max1, check1);
    take(x + i + 2 * lanes, min2, max2, check2);
    take(x + i + 3 * lanes, min3, max3, check3);
  }
  for (; i + lanes <= n; i += lanes) take(x + i, min0, max0, check0);
  const VF32 check = hn::Add(hn::Add(check0, check1), hn::Add(check2, check3));
  if (HWY_UNLIKELY(!hn::AllTrue(f, hn::Eq(check, zero)))) return reference::minmax_f32(x, n);
  MinMax range = reference::minmax_f32(x + i, n - i);
  const VF32 min = hn::MinOfLanes(f, hn::Min(hn::Min(min0, min1), hn::Min(min2, min3)));
  const VF32 max = hn::MaxOfLanes(f, hn::Max(hn::Max(max0, max1), hn::Max(max2, max3)));
  range.min = std::min(range.min, hn::GetLane(min) + 0.0F);  // -0 becomes +0
  range.max = std::max(range.max, hn::GetLane(max) + 0.0F);
  return range;
}

MinMax minmax(const float* x, std::int64_t n) {
  const auto block = software_prefetch_pays() ? minmax_block<true> : minmax_block<false>;
  MinMax range;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    range = merge(range, block(x + begin, std::min(kBlock, n - begin)));
  }
  return range;
}

/// One vector of columns down all rows.
void minmax_columns(const float* x, std::int64_t rows, std::int64_t columns, MinMax* ranges) {
  const F32 f;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(f));
  const VF32 zero = hn::Zero(f);
  HWY_ALIGN float lowest[HWY_LANES(float)];
  HWY_ALIGN float highest[HWY_LANES(float)];
  std::int64_t column = 0;
  for (; column + lanes <= columns; column += lanes) {
    VF32 min = hn::Set(f, std::numeric_limits<float>::infinity());
    VF32 max = hn::Neg(min);
    VF32 check = zero;
    for (std::int64_t row = 0; row < rows; ++row) {
      const VF32 v = LoadOnce(f, x + row * columns + column);
      min = hn::Min(v, min);
      max = hn::Max(v, max);
      check = hn::MulAdd(v, zero, check);
    }
    if (HWY_UNLIKELY(!hn::AllTrue(f, hn::Eq(check, zero)))) {
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t i = column; i < column + lanes; ++i) {
          ranges[i] = merge(ranges[i], reference::minmax_f32(x + row * columns + i, 1));
        }
      }
      continue;
    }
    hn::Store(hn::Add(min, zero), f, lowest);
    hn::Store(hn::Add(max, zero), f, highest);
    for (std::int64_t i = 0; i < lanes; ++i) {
      ranges[column + i] = merge(ranges[column + i], {.min = lowest[i], .max = highest[i]});
    }
  }
  for (; column < columns; ++column) {
    for (std::int64_t row = 0; row < rows; ++row) {
      ranges[column] = merge(ranges[column], reference::minmax_f32(x + row * columns + column, 1));
    }
  }
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(minmax);
HWY_EXPORT(minmax_columns);
}  // namespace

MinMax minmax_f32(const float* x, std::int64_t n) { return HWY_DYNAMIC_DISPATCH(minmax)(x, n); }

void minmax_columns_f32(const float* x, std::int64_t rows, std::int64_t columns, MinMax* ranges) {
  HWY_DYNAMIC_DISPATCH(minmax_columns)(x, rows, columns, ranges);
}

}  // namespace zeropoint
#endif
