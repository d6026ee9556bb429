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
template <class Code>
void differences(const Code* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  reference::code_differences(q, n, zero_point, to);
}

#else

/// One vector of codes as int32.
struct Neighbours {
  static constexpr std::int64_t kStep = 1;
  template <class D, class Code>
  static HWY_INLINE hn::Vec<D> load(D d, const Code* q) {
    return hn::PromoteTo(d, hn::LoadU(hn::Rebind<Code, D>(), q));
  }
};

/// One vector of every second code; reads the one behind the last, too.
struct EverySecond {
  static constexpr std::int64_t kStep = 2;
  template <class D>
  static HWY_INLINE hn::Vec<D> load(D d, const std::uint8_t* q) {
    const hn::Rebind<std::uint16_t, D> both;
    const auto codes = hn::LoadU(both, reinterpret_cast<const std::uint16_t*>(q));
    return hn::PromoteTo(d, hn::And(codes, hn::Set(both, 0xFF)));
  }
  template <class D>
  static HWY_INLINE hn::Vec<D> load(D d, const std::int8_t* q) {
    const hn::Rebind<std::int16_t, D> both;
    const auto codes = hn::LoadU(both, reinterpret_cast<const std::int16_t*>(q));
    return hn::PromoteTo(d, hn::ShiftRight<8>(hn::ShiftLeft<8>(codes)));
  }
};

/// Pairs from element i on, as long as whole vectors of `d` fit; returns how far it came.
template <class Codes, class D, class Code>
HWY_INLINE std::int64_t whole_vectors(D d, const Code* a, const Code* b, std::int64_t i, std::int64_t n,
                                      std::int32_t zero_point, std::int16_t* to) {
  const hn::Repartition<std::int16_t, D> i16;
  const auto zero = hn::Set(d, zero_point);
  const auto low_half = hn::Set(d, 0xFFFF);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (; i + lanes + Codes::kStep - 1 <= n; i += lanes) {
    const auto first = hn::Sub(Codes::load(d, a + i * Codes::kStep), zero);
    auto both = hn::And(first, low_half);
    if (b != nullptr) {
      const auto second = hn::Sub(Codes::load(d, b + i * Codes::kStep), zero);
      both = hn::Or(both, hn::ShiftLeft<16>(second));
    }
    hn::StoreU(hn::BitCast(i16, both), i16, to + 2 * i);
  }
  return i;
}

template <class Codes, class Code>
std::int64_t vectors(const Code* a, const Code* b, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  const std::int64_t i = whole_vectors<Codes>(I32(), a, b, 0, n, zero_point, to);
  return whole_vectors<Codes>(hn::CappedTag<std::int32_t, 4>(), a, b, i, n, zero_point, to);  // planes are often narrow
}

template <class Code>
void pairs(const Code* a, const Code* b, std::int64_t n, std::int64_t step, std::int32_t zero_point, std::int16_t* to) {
  std::int64_t i = 0;
  if (step == 1) i = vectors<Neighbours>(a, b, n, zero_point, to);
  if (step == 2) i = vectors<EverySecond>(a, b, n, zero_point, to);
  reference::pair_codes(a + i * step, b == nullptr ? b : b + i * step, n - i, step, zero_point, to + 2 * i);
}

template <class Code>
void differences(const Code* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  const I16 i16;
  const auto zero = hn::Set(i16, static_cast<std::int16_t>(zero_point));
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(i16));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto codes = hn::LoadU(hn::Rebind<Code, I16>(), q + i);
    hn::StoreU(hn::Sub(hn::PromoteTo(i16, codes), zero), i16, to + i);
  }
  reference::code_differences(q + i, n - i, zero_point, to + i);
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
void differences_u8(const std::uint8_t* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  differences(q, n, zero_point, to);
}
void differences_i8(const std::int8_t* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  differences(q, n, zero_point, to);
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
HWY_EXPORT(differences_u8);
HWY_EXPORT(differences_i8);
}  // namespace

void pair_codes(const std::uint8_t* a, const std::uint8_t* b, std::int64_t n, std::int64_t step,
                std::int32_t zero_point, std::int16_t* to) {
  HWY_DYNAMIC_DISPATCH(pairs_u8)(a, b, n, step, zero_point, to);
}
void pair_codes(const std::int8_t* a, const std::int8_t* b, std::int64_t n, std::int64_t step, std::int32_t zero_point,
                std::int16_t* to) {
  HWY_DYNAMIC_DISPATCH(pairs_i8)(a, b, n, step, zero_point, to);
}
void code_differences(const std::uint8_t* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  HWY_DYNAMIC_DISPATCH(differences_u8)(q, n, zero_point, to);
}
void code_differences(const std::int8_t* q, std::int64_t n, std::int32_t zero_point, std::int16_t* to) {
  HWY_DYNAMIC_DISPATCH(differences_i8)(q, n, zero_point, to);
}

}  // namespace zeropoint
#endif
