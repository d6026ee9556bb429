#include "kernels/elementwise/binary.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/binary.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// An operand's vector at column i: loaded, or the repeated value.
template <bool kRepeat, class D>
HWY_INLINE hn::Vec<D> operand(D d, const float* row, std::size_t i) {
  if constexpr (kRepeat) return hn::Set(d, *row);
  return hn::LoadU(d, row + i);
}

/// One row. The last vector overlaps its predecessor; it is computed first, so that y may be an operand.
template <bool kRepeatA, bool kRepeatB, class D, class F>
HWY_INLINE void row(D d, const float* a, const float* b, float* y, std::size_t n, F f) {
  const std::size_t lanes = hn::Lanes(d);
  if (n >= lanes) {
    const auto last = f(d, operand<kRepeatA>(d, a, n - lanes), operand<kRepeatB>(d, b, n - lanes));
    std::size_t i = 0;
    for (; i + 2 * lanes < n; i += 2 * lanes) {
      const auto first = f(d, operand<kRepeatA>(d, a, i), operand<kRepeatB>(d, b, i));
      const auto second = f(d, operand<kRepeatA>(d, a, i + lanes), operand<kRepeatB>(d, b, i + lanes));
      hn::StoreU(first, d, y + i);
      hn::StoreU(second, d, y + i + lanes);
    }
    if (i + lanes < n) hn::StoreU(f(d, operand<kRepeatA>(d, a, i), operand<kRepeatB>(d, b, i)), d, y + i);
    hn::StoreU(last, d, y + n - lanes);
    return;
  }
  const hn::CappedTag<float, 1> d1;
  for (std::size_t i = 0; i < n; ++i) {
    hn::StoreU(f(d1, operand<kRepeatA>(d1, a, i), operand<kRepeatB>(d1, b, i)), d1, y + i);
  }
}

template <class F>
HWY_INLINE void rectangle(StridedF32 a, StridedF32 b, float* y, std::size_t rows, std::size_t cols, F f) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 4> d4;  // short rows: an overlapping pair of small vectors beats a loop of scalars
  for (std::size_t r = 0; r < rows; ++r, a.data += a.row_step, b.data += b.row_step, y += cols) {
    if (cols > 1 && a.col_step == 0) {
      if (cols >= hn::Lanes(d)) {
        row<true, false>(d, a.data, b.data, y, cols, f);
      } else {
        row<true, false>(d4, a.data, b.data, y, cols, f);
      }
    } else if (cols > 1 && b.col_step == 0) {
      if (cols >= hn::Lanes(d)) {
        row<false, true>(d, a.data, b.data, y, cols, f);
      } else {
        row<false, true>(d4, a.data, b.data, y, cols, f);
      }
    } else if (cols >= hn::Lanes(d)) {
      row<false, false>(d, a.data, b.data, y, cols, f);
    } else {
      row<false, false>(d4, a.data, b.data, y, cols, f);
    }
  }
}

void BinaryF32Rectangle(BinaryF32 f, StridedF32 a, StridedF32 b, float* y, std::size_t rows, std::size_t cols) {
  switch (f) {
    case BinaryF32::add:
      return rectangle(a, b, y, rows, cols, [](auto, auto u, auto v) HWY_ATTR { return hn::Add(u, v); });
    case BinaryF32::sub:
      return rectangle(a, b, y, rows, cols, [](auto, auto u, auto v) HWY_ATTR { return hn::Sub(u, v); });
    case BinaryF32::mul:
      return rectangle(a, b, y, rows, cols, [](auto, auto u, auto v) HWY_ATTR { return hn::Mul(u, v); });
    case BinaryF32::div:
      return rectangle(a, b, y, rows, cols, [](auto, auto u, auto v) HWY_ATTR { return hn::Div(u, v); });
    case BinaryF32::max:
      return rectangle(a, b, y, rows, cols, [](auto, auto u, auto v) HWY_ATTR {
        return hn::IfThenElse(hn::Or(hn::IsNaN(u), hn::Gt(u, v)), u, v);
      });
    case BinaryF32::min:
      return rectangle(a, b, y, rows, cols, [](auto, auto u, auto v) HWY_ATTR {
        return hn::IfThenElse(hn::Or(hn::IsNaN(u), hn::Lt(u, v)), u, v);
      });
    case BinaryF32::prelu:
      return rectangle(a, b, y, rows, cols, [](auto d, auto u, auto v) HWY_ATTR {
        return hn::IfThenElse(hn::Lt(u, hn::Zero(d)), hn::Mul(u, v), u);
      });
  }
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(BinaryF32Rectangle);

void binary_f32(BinaryF32 f, StridedF32 a, StridedF32 b, float* y, std::int64_t rows, std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(BinaryF32Rectangle)
  (f, a, b, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}

}  // namespace zeropoint
#endif
