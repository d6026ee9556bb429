#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pair_codes/pair_codes.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "kernels/pair_codes/pair_codes.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
void pairs(const Code* a, const Code* b, std::int64_t n, std::int64_t step, std::int32_t zero_point, std::int16_t* to) {
  reference::pair_codes(a, b, n, step, zero_point, to);
}

#else

/// Pairs from element i on, as long as whole vectors of `d` fit; returns how far it came.
template <class D, class Code>
HWY_INLINE std::int64_t whole_vectors(D d, const Code* a, const Code* b, std::int64_t i, std::int64_t n,
                                      std::int32_t zero_point, std::int16_t* to) {
  const hn::Rebind<Code, D> codes;
  const auto zero = hn::Set(d, zero_point);
  const auto low_half = hn::Set(d, 0xFFFF);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (; i + lanes <= n; i += lanes) {
    const auto first = hn::Sub(hn::PromoteTo(d, hn::LoadU(codes, a + i)), zero);
    auto both = hn::And(first, low_half);
    if (b != nullptr) {
      const auto second = hn::Sub(hn::PromoteTo(d, hn::LoadU(codes, b + i)), zero);
      both = hn::Or(both, hn::ShiftLeft<16>(second));
    }
    hn::StoreU(hn::BitCast(hn::Repartition<std::int16_t, D>(), both), hn::Repartition<std::int16_t, D>(), to + 2 * i);
  }
  return i;
}

template <class Code>
void pairs(const Code* a, const Code* b, std::int64_t n, std::int64_t step, std::int32_t zero_point, std::int16_t* to) {
  std::int64_t i = 0;
  if (step == 1) {
    i = whole_vectors(I32(), a, b, i, n, zero_point, to);
    i = whole_vectors(hn::CappedTag<std::int32_t, 4>(), a, b, i, n, zero_point, to);  // planes are often narrow
  }
  reference::pair_codes(a + i * step, b == nullptr ? b : b + i * step, n - i, step, zero_point, to + 2 * i);
}

#endif

void pairs_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
              std::int16_t* to) {
  pairs(a, b, n, step, zero_point, to);
}
void pairs_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
              std::int16_t* to) {
  pairs(a, b, n, step, zero_point, to);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(pairs_u8);
HWY_EXPORT(pairs_i8);
}  // namespace

void pair_codes_u8(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::int64_t step,
                   std::int32_t zero_point, std::int16_t* to) {
  HWY_DYNAMIC_DISPATCH(pairs_u8)(a, b, n, step, zero_point, to);
}
void pair_codes_i8(const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int64_t step,
                   std::int32_t zero_point, std::int16_t* to) {
  HWY_DYNAMIC_DISPATCH(pairs_i8)(a, b, n, step, zero_point, to);
}

}  // namespace zeropoint
#endif
