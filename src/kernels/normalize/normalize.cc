#include "kernels/normalize/normalize.h"

#include <cmath>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/normalize/normalize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/elementwise/transform-inl.h"
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

void NormalizeRows(const float* x, float* y, std::size_t rows, std::size_t cols, const NormalizeOptions& options,
                   Moments* moments) {
  const float* scale = options.scale;
  const float* bias = options.bias;
  for (std::size_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const Moments m = row_moments(x, cols, options.epsilon, options.center);
    if (moments != nullptr) moments[row] = m;
    transform_row(y, cols, [=](auto d, std::size_t i) HWY_ATTR {
      auto v = hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, m.mean)), hn::Set(d, m.inv_std));
      if (scale != nullptr) v = hn::Mul(v, hn::LoadU(d, scale + i));
      if (bias != nullptr) v = hn::Add(v, hn::LoadU(d, bias + i));
      return v;
    });
  }
}

void NormalizeUniform(const float* x, float* y, std::size_t n, float epsilon, float scale, float bias) {
  const Moments m = row_moments(x, n, epsilon, true);
  const float factor = m.inv_std * scale;
  transform_row(y, n, [=](auto d, std::size_t i) HWY_ATTR {
    const auto centered = hn::Sub(hn::LoadU(d, x + i), hn::Set(d, m.mean));
    return hn::Add(hn::Mul(centered, hn::Set(d, factor)), hn::Set(d, bias));
  });
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
