#include "kernels/normalize/normalize.h"

#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalize/normalize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/reduce/reduce-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

HWY_INLINE Moments row_moments(const float* x, std::size_t n, float epsilon, bool center) {
  const auto count = static_cast<double>(n);
  const float mean = center ? static_cast<float>(reduce_row<ReduceF32::sum>(x, n, 0.0F) / count) : 0.0F;
  const auto variance = static_cast<float>(reduce_row<ReduceF32::sum_squares>(x, n, mean) / count);
  return {mean, 1.0F / std::sqrt(variance + epsilon)};
}

template <class D>
HWY_INLINE void normalize_vector(D d, const float* x, float* y, Moments m, const float* scale, const float* bias) {
  auto v = hn::Mul(hn::Sub(hn::LoadU(d, x), hn::Set(d, m.mean)), hn::Set(d, m.inv_std));
  if (scale != nullptr) v = hn::Mul(v, hn::LoadU(d, scale));
  if (bias != nullptr) v = hn::Add(v, hn::LoadU(d, bias));
  hn::StoreU(v, d, y);
}

void NormalizeRows(const float* x, float* y, std::size_t rows, std::size_t cols, const NormalizeOptions& options,
                   Moments* moments) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  const auto at = [](const float* p, std::size_t i) { return p == nullptr ? nullptr : p + i; };
  for (std::size_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const Moments m = row_moments(x, cols, options.epsilon, options.center);
    if (moments != nullptr) moments[row] = m;
    std::size_t i = 0;
    for (; i + hn::Lanes(d) <= cols; i += hn::Lanes(d)) {
      normalize_vector(d, x + i, y + i, m, at(options.scale, i), at(options.bias, i));
    }
    for (; i < cols; ++i) normalize_vector(d1, x + i, y + i, m, at(options.scale, i), at(options.bias, i));
  }
}

void NormalizeUniform(const float* x, float* y, std::size_t n, float epsilon, float scale, float bias) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> d1;
  const Moments m = row_moments(x, n, epsilon, true);
  const float factor = m.inv_std * scale;
  const auto apply = [&](auto dv, std::size_t i) HWY_ATTR {
    const auto centered = hn::Sub(hn::LoadU(dv, x + i), hn::Set(dv, m.mean));
    hn::StoreU(hn::Add(hn::Mul(centered, hn::Set(dv, factor)), hn::Set(dv, bias)), dv, y + i);
  };
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= n; i += hn::Lanes(d)) apply(d, i);
  for (; i < n; ++i) apply(d1, i);
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(NormalizeRows);
HWY_EXPORT(NormalizeUniform);

void normalize_rows_f32(const float* x, float* y, std::int64_t rows, std::int64_t cols, const NormalizeOptions& options,
                        Moments* moments) {
  HWY_DYNAMIC_DISPATCH(NormalizeRows)
  (x, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), options, moments);
}

void normalize_uniform_f32(const float* x, float* y, std::int64_t n, float epsilon, float scale, float bias) {
  HWY_DYNAMIC_DISPATCH(NormalizeUniform)(x, y, static_cast<std::size_t>(n), epsilon, scale, bias);
}

}  // namespace zeropoint
#endif
