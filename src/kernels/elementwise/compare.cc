#include "kernels/elementwise/compare.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/compare.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <Comparison op, class V>
HWY_INLINE auto holds(V a, V b) {
  if constexpr (op == Comparison::equal) return hn::Eq(a, b);
  if constexpr (op == Comparison::greater) return hn::Gt(a, b);
  if constexpr (op == Comparison::greater_or_equal) return hn::Or(hn::Gt(a, b), hn::Eq(a, b));
}

template <Comparison op, class D, class T>
HWY_INLINE void compare_vector(D d, Strided<T> a, Strided<T> b, std::size_t i, std::uint8_t* y) {
  const auto operand = [&](const Strided<T>& x)
                           HWY_ATTR { return x.col_step == 0 ? hn::Set(d, *x.data) : hn::LoadU(d, x.data + i); };
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<std::uint8_t, D> d8;
  const auto ones = hn::IfThenElseZero(hn::RebindMask(du, holds<op>(operand(a), operand(b))), hn::Set(du, 1));
  hn::StoreU(hn::TruncateTo(d8, ones), d8, y + i);
}

template <Comparison op, class T>
HWY_INLINE void compare_rectangle(Strided<T> a, Strided<T> b, std::uint8_t* y, std::size_t rows, std::size_t cols) {
  const hn::ScalableTag<T> d;
  const hn::CappedTag<T, 1> d1;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < rows; ++r, a.data += a.row_step, b.data += b.row_step, y += cols) {
    std::size_t i = 0;
    for (; i + lanes <= cols; i += lanes) compare_vector<op>(d, a, b, i, y);
    if (i < cols && cols >= lanes) {
      compare_vector<op>(d, a, b, cols - lanes, y);  // overlaps the vector before
    } else {
      for (; i < cols; ++i) compare_vector<op>(d1, a, b, i, y);
    }
  }
}

template <class T>
HWY_INLINE void compare(Comparison op, Strided<T> a, Strided<T> b, std::uint8_t* y, std::size_t rows,
                        std::size_t cols) {
  switch (op) {
    case Comparison::equal:
      return compare_rectangle<Comparison::equal>(a, b, y, rows, cols);
    case Comparison::greater:
      return compare_rectangle<Comparison::greater>(a, b, y, rows, cols);
    case Comparison::greater_or_equal:
      return compare_rectangle<Comparison::greater_or_equal>(a, b, y, rows, cols);
  }
}

void CompareF32(Comparison op, Strided<float> a, Strided<float> b, std::uint8_t* y, std::size_t rows,
                std::size_t cols) {
  compare(op, a, b, y, rows, cols);
}
void CompareS32(Comparison op, Strided<std::int32_t> a, Strided<std::int32_t> b, std::uint8_t* y, std::size_t rows,
                std::size_t cols) {
  compare(op, a, b, y, rows, cols);
}
void CompareS64(Comparison op, Strided<std::int64_t> a, Strided<std::int64_t> b, std::uint8_t* y, std::size_t rows,
                std::size_t cols) {
  compare(op, a, b, y, rows, cols);
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(CompareF32);
HWY_EXPORT(CompareS32);
HWY_EXPORT(CompareS64);

void compare_f32(Comparison op, Strided<float> a, Strided<float> b, std::uint8_t* y, std::int64_t rows,
                 std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(CompareF32)(op, a, b, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}
void compare_s32(Comparison op, Strided<std::int32_t> a, Strided<std::int32_t> b, std::uint8_t* y, std::int64_t rows,
                 std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(CompareS32)(op, a, b, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}
void compare_s64(Comparison op, Strided<std::int64_t> a, Strided<std::int64_t> b, std::uint8_t* y, std::int64_t rows,
                 std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(CompareS64)(op, a, b, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}

}  // namespace zeropoint
#endif
