#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/small_float/small_float.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <bit>

#include "kernels/simd-inl.h"
#include "kernels/small_float/small_float.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

bool encode_one_scale(const float* x, std::int64_t n, float scale, const SmallFloat& format, std::uint8_t* codes) {
  return reference::encode_f32(x, n, scale, format, codes);
}
bool encode_each(const float* x, std::int64_t n, const float* scales, const SmallFloat& format, std::uint8_t* codes) {
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) finite &= reference::encode_f32(x + i, 1, scales[i], format, codes + i);
  return finite;
}

#else

using VU32 = hn::Vec<U32>;

constexpr int kMantissa = 23;  // of float32, and its bias
constexpr int kBias = 127;

/// The format, spread over vectors.
struct Encoder {
  int shift;       // from float32 to the mantissa of the format
  int sign_shift;  // from bit 0 to its sign
  bool has_negative_zero;
  VU32 half_below, one, rebias, smallest_normal, largest, magic_bits;
  VF32 magic;  // added to a subnormal quotient, it leaves the code in the low bits

  explicit Encoder(const SmallFloat& f)
      : shift(kMantissa - f.mantissa_bits),
        sign_shift(f.exponent_bits + f.mantissa_bits),
        has_negative_zero(f.special != SmallFloat::Special::nan_zero) {
    const U32 u32;
    const auto u = [&](int value) HWY_ATTR { return hn::Set(u32, static_cast<std::uint32_t>(value)); };
    const std::uint32_t magic_exponent = static_cast<std::uint32_t>(kMantissa + 1 - f.bias - f.mantissa_bits + kBias);
    half_below = u((1 << (shift - 1)) - 1);
    one = u(1);
    rebias = u((kBias - f.bias) << f.mantissa_bits);
    smallest_normal = u((kBias + 1 - f.bias) << kMantissa);
    largest = u(f.largest);
    magic_bits = hn::Set(u32, magic_exponent << kMantissa);
    magic = hn::BitCast(F32(), magic_bits);
  }

  HWY_INLINE VI32 codes(VF32 quotient) const {
    const F32 f32;
    const U32 u32;
    const VU32 bits = hn::BitCast(u32, quotient);
    const VU32 magnitude = hn::And(bits, hn::Set(u32, 0x7FFFFFFF));
    const VU32 odd = hn::And(hn::ShiftRightSame(magnitude, shift), one);
    const VU32 rounded = hn::ShiftRightSame(hn::Add(hn::Add(magnitude, half_below), odd), shift);
    const VU32 normal = hn::Sub(rounded, rebias);
    const VU32 subnormal = hn::Sub(hn::BitCast(u32, hn::Add(hn::BitCast(f32, magnitude), magic)), magic_bits);
    const auto is_subnormal = hn::Lt(hn::BitCast(I32(), magnitude), hn::BitCast(I32(), smallest_normal));
    VU32 code = hn::IfThenElse(hn::RebindMask(u32, is_subnormal), subnormal, normal);
    code = hn::Min(code, largest);
    VU32 sign = hn::ShiftLeftSame(hn::ShiftRight<31>(bits), sign_shift);
    if (!has_negative_zero) sign = hn::IfThenZeroElse(hn::Eq(code, hn::Zero(u32)), sign);
    const VU32 known = hn::IfThenElseZero(hn::RebindMask(u32, hn::Eq(quotient, quotient)), hn::Or(code, sign));
    return hn::BitCast(I32(), known);
  }
};

/// scale(i) is the vector of the scales of elements i and following.
template <class ScaleAt>
HWY_INLINE bool run(const float* x, std::int64_t n, const SmallFloat& format, std::uint8_t* codes,
                    const ScaleAt& scale) {
  constexpr std::int64_t kLanes = HWY_LANES(float);
  const Encoder encoder(format);
  const F32 f;
  const U8 u8;
  VF32 check = hn::Zero(f);  // NaN once an x was not finite
  const auto one = [&](VF32 v, VF32 s) HWY_ATTR {
    check = hn::MulAdd(v, hn::Zero(f), check);
    return encoder.codes(hn::Div(v, s));
  };
  std::int64_t i = 0;
  for (; i + 4 * kLanes <= n; i += 4 * kLanes) {
    const FourVectors v = LoadFour(x + i);
    const VI16 ab = NarrowToI16(one(v.a, scale(i)), one(v.b, scale(i + kLanes)));
    const VI16 cd = NarrowToI16(one(v.c, scale(i + 2 * kLanes)), one(v.d, scale(i + 3 * kLanes)));
    hn::StoreU(RestoreOrder(NarrowTo(u8, ab, cd)), u8, codes + i);
  }
  bool all_finite = hn::AllTrue(f, hn::Eq(check, hn::Zero(f)));
  for (; i < n; ++i) {
    const bool finite = reference::encode_f32(x + i, 1, hn::GetLane(scale(i)), format, codes + i);
    all_finite = all_finite && finite;
  }
  return all_finite;
}

bool encode_one_scale(const float* x, std::int64_t n, float scale, const SmallFloat& format, std::uint8_t* codes) {
  const VF32 same = hn::Set(F32(), scale);
  return run(x, n, format, codes, [&](std::int64_t) HWY_ATTR { return same; });
}
bool encode_each(const float* x, std::int64_t n, const float* scales, const SmallFloat& format, std::uint8_t* codes) {
  return run(x, n, format, codes, [&](std::int64_t i) HWY_ATTR { return LoadOr(scales + i, n - i, 1.0F); });
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(encode_one_scale);
HWY_EXPORT(encode_each);
}  // namespace

bool encode_f32(const float* x, std::int64_t n, float scale, const SmallFloat& format, std::uint8_t* codes) {
  return HWY_DYNAMIC_DISPATCH(encode_one_scale)(x, n, scale, format, codes);
}
bool encode_each_f32(const float* x, std::int64_t n, const float* scales, const SmallFloat& format,
                     std::uint8_t* codes) {
  return HWY_DYNAMIC_DISPATCH(encode_each)(x, n, scales, format, codes);
}

}  // namespace zeropoint
#endif
