#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pack/pack.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "kernels/pack/pack.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <int kBits>
void pack(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed) {
  reference::pack<kBits>(codes, n, packed);
}
template <int kBits, class Code>
void unpack(const std::uint8_t* packed, std::int64_t n, Code* codes) {
  reference::unpack<kBits>(packed, n, codes);
}

#else

constexpr std::int64_t kBytes = HWY_LANES(std::uint8_t);
using VU16 = hn::Vec<U16>;
using VU32 = hn::Vec<U32>;

/// Pairs of codes, in the low byte of every word: 0x0H0L becomes 0x00HL.
HWY_INLINE VI16 pairs_of_4bit(const std::uint8_t* codes) {
  const U16 u16;
  const VU16 w = hn::And(hn::BitCast(u16, hn::LoadU(U8(), codes)), hn::Set(u16, 0x0F0F));
  return hn::BitCast(I16(), hn::And(hn::Or(w, hn::ShiftRight<4>(w)), hn::Set(u16, 0x00FF)));
}

/// Fours of codes, in the low byte of every 32-bit lane.
HWY_INLINE VI32 fours_of_2bit(const std::uint8_t* codes) {
  const U32 u32;
  const VU32 w = hn::And(hn::BitCast(u32, hn::LoadU(U8(), codes)), hn::Set(u32, 0x03030303));
  const VU32 pairs = hn::And(hn::Or(w, hn::ShiftRight<6>(w)), hn::Set(u32, 0x000F000F));
  return hn::BitCast(I32(), hn::And(hn::Or(pairs, hn::ShiftRight<12>(pairs)), hn::Set(u32, 0xFF)));
}

template <int kBits>
void pack(const std::uint8_t* HWY_RESTRICT codes, std::int64_t n, std::uint8_t* HWY_RESTRICT packed) {
  constexpr std::int64_t kPerByte = 8 / kBits;
  const U8 u8;
  std::int64_t i = 0;
  for (; i + kPerByte * kBytes <= n; i += kPerByte * kBytes) {
    const std::uint8_t* from = codes + i;
    if constexpr (kBits == 4) {
      hn::StoreU(RestoreWords(NarrowTo(u8, pairs_of_4bit(from), pairs_of_4bit(from + kBytes))), u8,
                 packed + i / kPerByte);
    } else {
      const VI16 ab = NarrowToI16(fours_of_2bit(from), fours_of_2bit(from + kBytes));
      const VI16 cd = NarrowToI16(fours_of_2bit(from + 2 * kBytes), fours_of_2bit(from + 3 * kBytes));
      hn::StoreU(RestoreOrder(NarrowTo(u8, ab, cd)), u8, packed + i / kPerByte);
    }
  }
  reference::pack<kBits>(codes + i, n - i, packed + i / kPerByte);
}

/// One vector of unpacked bytes, from the first bytes of `packed`.
HWY_INLINE hn::Vec<U8> spread_4bit(const std::uint8_t* packed) {
  const U16 u16;
  const VU16 w = hn::PromoteTo(u16, hn::LoadU(hn::Rebind<std::uint8_t, U16>(), packed));
  return hn::BitCast(U8(), hn::And(hn::Or(w, hn::ShiftLeft<4>(w)), hn::Set(u16, 0x0F0F)));
}
HWY_INLINE hn::Vec<U8> spread_2bit(const std::uint8_t* packed) {
  const U32 u32;
  const VU32 w = hn::PromoteTo(u32, hn::LoadU(hn::Rebind<std::uint8_t, U32>(), packed));
  const VU32 pairs = hn::And(hn::Or(w, hn::ShiftLeft<12>(w)), hn::Set(u32, 0x000F000F));
  return hn::BitCast(U8(), hn::And(hn::Or(pairs, hn::ShiftLeft<6>(pairs)), hn::Set(u32, 0x03030303)));
}

template <int kBits, class Code>
void unpack(const std::uint8_t* HWY_RESTRICT packed, std::int64_t n, Code* HWY_RESTRICT codes) {
  constexpr std::int64_t kPerByte = 8 / kBits;
  const hn::ScalableTag<Code> d8;
  const auto sign = hn::Set(d8, static_cast<Code>(1 << (kBits - 1)));
  std::int64_t i = 0;
  for (; i + kBytes <= n; i += kBytes) {
    const std::uint8_t* from = packed + i / kPerByte;
    const auto bits = hn::BitCast(d8, kBits == 4 ? spread_4bit(from) : spread_2bit(from));
    hn::StoreU(std::is_signed_v<Code> ? hn::Sub(hn::Xor(bits, sign), sign) : bits, d8, codes + i);
  }
  reference::unpack<kBits>(packed + i / kPerByte, n - i, codes + i);
}

#endif

void pack4(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed) { pack<4>(codes, n, packed); }
void pack2(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed) { pack<2>(codes, n, packed); }
void to_u4(const std::uint8_t* packed, std::int64_t n, std::uint8_t* codes) { unpack<4>(packed, n, codes); }
void to_i4(const std::uint8_t* packed, std::int64_t n, std::int8_t* codes) { unpack<4>(packed, n, codes); }
void to_u2(const std::uint8_t* packed, std::int64_t n, std::uint8_t* codes) { unpack<2>(packed, n, codes); }
void to_i2(const std::uint8_t* packed, std::int64_t n, std::int8_t* codes) { unpack<2>(packed, n, codes); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(pack4);
HWY_EXPORT(pack2);
HWY_EXPORT(to_u4);
HWY_EXPORT(to_i4);
HWY_EXPORT(to_u2);
HWY_EXPORT(to_i2);
}  // namespace

void pack_4bit(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed) {
  HWY_DYNAMIC_DISPATCH(pack4)(codes, n, packed);
}
void pack_2bit(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed) {
  HWY_DYNAMIC_DISPATCH(pack2)(codes, n, packed);
}
void unpack_u4(const std::uint8_t* packed, std::int64_t n, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(to_u4)(packed, n, codes);
}
void unpack_i4(const std::uint8_t* packed, std::int64_t n, std::int8_t* codes) {
  HWY_DYNAMIC_DISPATCH(to_i4)(packed, n, codes);
}
void unpack_u2(const std::uint8_t* packed, std::int64_t n, std::uint8_t* codes) {
  HWY_DYNAMIC_DISPATCH(to_u2)(packed, n, codes);
}
void unpack_i2(const std::uint8_t* packed, std::int64_t n, std::int8_t* codes) {
  HWY_DYNAMIC_DISPATCH(to_i2)(packed, n, codes);
}

}  // namespace zeropoint
#endif
