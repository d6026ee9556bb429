#include "kernels/softmax/softmax.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax/softmax.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/elementwise/math-inl.h"
#include "kernels/elementwise/transform-inl.h"
#include "kernels/elementwise/unary.h"
#include "kernels/reduce/reduce-inl.h"
#include "kernels/softmax/lanes.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using SoftmaxTag = hn::CappedTag<float, kSoftmaxLanes>;

/// y = e^(x - max) for one block; returns its sum.
HWY_INLINE float exp_block(const float* x, float* y, std::size_t n, float max) {
  const SoftmaxTag d;
  const std::size_t width = hn::Lanes(d);
  HWY_ALIGN float sums[kSoftmaxLanes] = {};
  const auto offset = hn::Set(d, max);
  const std::size_t whole = n - n % kSoftmaxLanes;
  for (std::size_t lane = 0; lane < kSoftmaxLanes && whole > 0; lane += width) {
    auto sum = hn::Zero(d);
    for (std::size_t i = lane; i < whole; i += kSoftmaxLanes) {
      const auto e = vector_exp(d, hn::Sub(hn::LoadU(d, x + i), offset));
      hn::StoreU(e, d, y + i);
      sum = hn::Add(sum, e);
    }
    hn::Store(sum, d, sums + lane);
  }
  if (whole < n) {
    HWY_ALIGN float tail[kSoftmaxLanes] = {};
    std::memcpy(tail, x + whole, (n - whole) * sizeof(float));
    for (std::size_t lane = 0; lane < n - whole; lane += width) {
      hn::Store(vector_exp(d, hn::Sub(hn::Load(d, tail + lane), offset)), d, tail + lane);
    }
    std::memcpy(y + whole, tail, (n - whole) * sizeof(float));
    for (std::size_t i = 0; i < n - whole; ++i) sums[i] += tail[i];
  }
  return fold<ReduceF32::sum, kSoftmaxLanes / 2>(sums);
}

/// The largest value of a row. Where there is a NaN any result will do: the row becomes NaN in any case.
HWY_INLINE float row_max(const float* x, std::size_t n) {
  const hn::ScalableTag<float> d;
  const std::size_t width = hn::Lanes(d);
  if (n < width) return *std::max_element(x, x + n);
  auto max = hn::LoadU(d, x + n - width);
  for (std::size_t i = 0; i + width < n; i += width) max = hn::Max(max, hn::LoadU(d, x + i));
  return hn::GetLane(hn::MaxOfLanes(d, max));
}

void SoftmaxRows(SoftmaxKind kind, const float* x, float* y, std::size_t rows, std::size_t cols) {
  if (cols == 0) return;
  for (std::size_t row = 0; row < rows; ++row, x += cols, y += cols) {
    const float max = row_max(x, cols);
    double sum = 0;
    if (kind == SoftmaxKind::softmax) {
      for (std::size_t i = 0; i < cols; i += kSoftmaxBlock) {
        sum += exp_block(x + i, y + i, std::min(kSoftmaxBlock, cols - i), max);
      }
      const auto divisor = static_cast<float>(sum);
      transform_row(y, cols,
                    [=](auto d, std::size_t i) HWY_ATTR { return hn::Div(hn::LoadU(d, y + i), hn::Set(d, divisor)); });
      continue;
    }
    for (std::size_t i = 0; i < cols; i += kSoftmaxBlock) {
      float unused[kSoftmaxBlock];
      sum += exp_block(x + i, unused, std::min(kSoftmaxBlock, cols - i), max);
    }
    const float log_sum = reference::unary_f32(UnaryF32::log, {}, static_cast<float>(sum));
    transform_row(y, cols, [=](auto d, std::size_t i) HWY_ATTR {
      return hn::Sub(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, max)), hn::Set(d, log_sum));
    });
  }
}

template <class D>
HWY_INLINE void softmax_column_vector(D d, SoftmaxKind kind, const float* x, float* y, std::size_t rows,
                                      std::size_t step) {
  auto max = hn::Set(d, -std::numeric_limits<float>::infinity());
  for (std::size_t r = 0; r < rows; ++r) max = hn::Max(max, hn::LoadU(d, x + r * step));
  auto sum = hn::Zero(d);
  for (std::size_t r = 0; r < rows; ++r) {
    const auto e = vector_exp(d, hn::Sub(hn::LoadU(d, x + r * step), max));
    if (kind == SoftmaxKind::softmax) hn::StoreU(e, d, y + r * step);
    sum = hn::Add(sum, e);
  }
  if (kind == SoftmaxKind::softmax) {
    for (std::size_t r = 0; r < rows; ++r) hn::StoreU(hn::Div(hn::LoadU(d, y + r * step), sum), d, y + r * step);
    return;
  }
  const auto log_sum = vector_log(d, sum);
  for (std::size_t r = 0; r < rows; ++r) {
    hn::StoreU(hn::Sub(hn::Sub(hn::LoadU(d, x + r * step), max), log_sum), d, y + r * step);
  }
}

void SoftmaxColumns(SoftmaxKind kind, const float* x, float* y, std::size_t rows, std::size_t cols) {
  const hn::ScalableTag<float> d;
  std::size_t col = 0;
  for (; col + hn::Lanes(d) <= cols; col += hn::Lanes(d)) softmax_column_vector(d, kind, x + col, y + col, rows, cols);
  const hn::CappedTag<float, 1> d1;
  for (; col < cols; ++col) softmax_column_vector(d1, kind, x + col, y + col, rows, cols);
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(SoftmaxRows);
HWY_EXPORT(SoftmaxColumns);

void softmax_rows_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(SoftmaxRows)(kind, x, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}

void softmax_columns_f32(SoftmaxKind kind, const float* x, float* y, std::int64_t rows, std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(SoftmaxColumns)(kind, x, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}

}  // namespace zeropoint
#endif
