#include "kernels/elementwise/select.h"

#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/select.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE void select_vector(D d, Strided<std::uint8_t> condition, Strided<std::uint32_t> a, Strided<std::uint32_t> b,
                              std::size_t i, std::uint32_t* y) {
  const auto operand = [&](const Strided<std::uint32_t>& x)
                           HWY_ATTR { return x.col_step == 0 ? hn::Set(d, *x.data) : hn::LoadU(d, x.data + i); };
  const hn::Rebind<std::uint8_t, D> d8;
  const auto bytes = condition.col_step == 0 ? hn::Set(d8, *condition.data) : hn::LoadU(d8, condition.data + i);
  const auto is_false = hn::Eq(hn::PromoteTo(d, bytes), hn::Zero(d));
  hn::StoreU(hn::IfThenElse(is_false, operand(b), operand(a)), d, y + i);
}

void SelectU32(Strided<std::uint8_t> condition, Strided<std::uint32_t> a, Strided<std::uint32_t> b, std::uint32_t* y,
               std::size_t rows, std::size_t cols) {
  const hn::ScalableTag<std::uint32_t> d;
  const hn::CappedTag<std::uint32_t, 1> d1;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t r = 0; r < rows; ++r, y += cols) {
    std::size_t i = 0;
    for (; i + lanes <= cols; i += lanes) select_vector(d, condition, a, b, i, y);
    for (; i < cols; ++i) select_vector(d1, condition, a, b, i, y);
    condition.data += condition.row_step;
    a.data += a.row_step;
    b.data += b.row_step;
  }
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(SelectU32);

void select_u32(Strided<std::uint8_t> condition, Strided<std::uint32_t> a, Strided<std::uint32_t> b, std::uint32_t* y,
                std::int64_t rows, std::int64_t cols) {
  HWY_DYNAMIC_DISPATCH(SelectU32)
  (condition, a, b, y, static_cast<std::size_t>(rows), static_cast<std::size_t>(cols));
}

}  // namespace zeropoint
#endif
