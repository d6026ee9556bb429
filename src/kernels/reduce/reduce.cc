#include "kernels/reduce/reduce.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reduce/reduce.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/reduce/reduce-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <ReduceF32 op>
HWY_INLINE void accumulate_columns(const float* x, std::size_t rows, std::size_t cols, float* y) {
  const hn::ScalableTag<float> d;
  const std::size_t width = hn::Lanes(d);
  std::size_t col = 0;
  for (; col + width <= cols; col += width) {
    auto sum = hn::LoadU(d, y + col);
    for (std::size_t row = 0; row < rows; ++row) {
      sum = combined<op>(d, sum, prepared<op>(d, hn::LoadU(d, x + row * cols + col)));
    }
    hn::StoreU(sum, d, y + col);
  }
  const hn::CappedTag<float, 1> d1;
  for (; col < cols; ++col) {
    auto sum = hn::LoadU(d1, y + col);
    for (std::size_t row = 0; row < rows; ++row) {
      sum = combined<op>(d1, sum, prepared<op>(d1, hn::LoadU(d1, x + row * cols + col)));
    }
    hn::StoreU(sum, d1, y + col);
  }
}

double ReduceRow(ReduceF32 op, const float* x, std::size_t n, float shift) {
  switch (op) {
    case ReduceF32::sum:
      return reduce_row<ReduceF32::sum>(x, n, shift);
    case ReduceF32::sum_abs:
      return reduce_row<ReduceF32::sum_abs>(x, n, shift);
    case ReduceF32::sum_squares:
      return reduce_row<ReduceF32::sum_squares>(x, n, shift);
    case ReduceF32::max:
      return reduce_row<ReduceF32::max>(x, n, shift);
    case ReduceF32::min:
      return reduce_row<ReduceF32::min>(x, n, shift);
    case ReduceF32::prod:
      return reduce_row<ReduceF32::prod>(x, n, shift);
  }
  return 0;
}

void AccumulateColumns(ReduceF32 op, const float* x, std::size_t rows, std::size_t cols, float* y) {
  switch (op) {
    case ReduceF32::sum:
      return accumulate_columns<ReduceF32::sum>(x, rows, cols, y);
    case ReduceF32::sum_abs:
      return accumulate_columns<ReduceF32::sum_abs>(x, rows, cols, y);
    case ReduceF32::sum_squares:
      return accumulate_columns<ReduceF32::sum_squares>(x, rows, cols, y);
    case ReduceF32::max:
      return accumulate_columns<ReduceF32::max>(x, rows, cols, y);
    case ReduceF32::min:
      return accumulate_columns<ReduceF32::min>(x, rows, cols, y);
    case ReduceF32::prod:
      return accumulate_columns<ReduceF32::prod>(x, rows, cols, y);
  }
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

double neutral(ReduceF32 op) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNeutral[] = {0, 0, 0, -kInfinity, kInfinity, 1};
  return kNeutral[static_cast<int>(op)];
}

double combine(ReduceF32 op, double a, double b) {
  switch (op) {
    case ReduceF32::max:
      return std::isnan(b) || b > a ? b : a;
    case ReduceF32::min:
      return std::isnan(b) || b < a ? b : a;
    case ReduceF32::prod:
      return a * b;
    default:
      return a + b;
  }
}

HWY_EXPORT(ReduceRow);
HWY_EXPORT(AccumulateColumns);

double reduce_f32(ReduceF32 op, const float* x, std::int64_t n, float shift) {
  return HWY_DYNAMIC_DISPATCH(ReduceRow)(op, x, static_cast<std::size_t>(n), shift);
}

void accumulate_columns_f32(ReduceF32 op, const float* x, std::int64_t rows, std::int64_t cols, float* y) {
  HWY_DYNAMIC_DISPATCH(AccumulateColumns)(op, x, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols), y);
}

}  // namespace zeropoint
#endif
