// y[i] = f(i) for a row: whole vectors, then a last one that overlaps its predecessor. It is computed before
// anything is written, so y may be what f reads. Rows shorter than a vector go element by element.

#if defined(ZEROPOINT_KERNELS_ELEMENTWISE_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef ZEROPOINT_KERNELS_ELEMENTWISE_TRANSFORM_INL_H_
#undef ZEROPOINT_KERNELS_ELEMENTWISE_TRANSFORM_INL_H_
#else
#define ZEROPOINT_KERNELS_ELEMENTWISE_TRANSFORM_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// `f(d, i)` gives elements [i, i + Lanes(d)) as a vector.
template <class F>
HWY_INLINE void transform_row(float* y, std::size_t n, F f) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  if (n >= lanes) {
    const auto last = f(d, n - lanes);
    for (std::size_t i = 0; i + lanes < n; i += lanes) hn::StoreU(f(d, i), d, y + i);
    hn::StoreU(last, d, y + n - lanes);
    return;
  }
  const hn::CappedTag<float, 4> d4;
  std::size_t i = 0;
  for (; i + hn::Lanes(d4) <= n; i += hn::Lanes(d4)) hn::StoreU(f(d4, i), d4, y + i);
  const hn::CappedTag<float, 1> d1;
  for (; i < n; ++i) hn::StoreU(f(d1, i), d1, y + i);
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
