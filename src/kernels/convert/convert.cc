#include "kernels/convert/convert.h"

#include <cstddef>

#include "base/float16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convert/convert.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F32 = hn::ScalableTag<float>;
using U32 = hn::ScalableTag<std::uint32_t>;
using U16 = hn::Rebind<std::uint16_t, F32>;

/// y[i] = convert(x[i]): `vector` for whole vectors, `scalar` for the rest.
template <class From, class To, class Vector, class Scalar>
HWY_INLINE void convert_array(const From* x, To* y, std::int64_t n, Vector vector, Scalar scalar) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(F32()));
  const hn::Rebind<From, F32> from;
  const hn::Rebind<To, F32> to;
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(vector(hn::LoadU(from, x + i)), to, y + i);
  for (; i < n; ++i) y[i] = scalar(x[i]);
}

/// The steps of f16_to_f32() on vectors, for CPUs without an instruction for it.
HWY_INLINE hn::Vec<F32> widen_f16(hn::Vec<U16> h) {
#if HWY_TARGET == HWY_AVX3
  return hn::Vec<F32>{_mm512_cvtph_ps(h.raw)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<F32>{_mm256_cvtph_ps(h.raw)};
#else
  const U32 u;
  const F32 f;
  const auto bits = hn::PromoteTo(u, h);
  const auto sign = hn::ShiftLeft<16>(hn::And(bits, hn::Set(u, 0x8000)));
  const auto magnitude = hn::And(bits, hn::Set(u, 0x7FFF));
  const auto shifted = hn::ShiftLeft<13>(magnitude);
  const auto normal = hn::Add(shifted, hn::Set(u, 112U << 23));
  const auto special = hn::Or(shifted, hn::Set(u, 0x7F800000));
  const auto quiet = hn::Or(special, hn::Set(u, 0x400000));
  const auto subnormal = hn::BitCast(
      u, hn::Mul(hn::ConvertTo(f, hn::BitCast(hn::RebindToSigned<U32>(), magnitude)), hn::Set(f, 0x1p-24F)));
  auto result = hn::IfThenElse(hn::Lt(magnitude, hn::Set(u, 0x400)), subnormal, normal);
  result = hn::IfThenElse(hn::Gt(magnitude, hn::Set(u, 0x7BFF)), special, result);
  result = hn::IfThenElse(hn::Gt(magnitude, hn::Set(u, 0x7C00)), quiet, result);
  return hn::BitCast(f, hn::Or(sign, result));
#endif
}

HWY_INLINE hn::Vec<U16> narrow_to_u16(hn::Vec<U32> v) {
  return hn::DemoteTo(U16(), hn::BitCast(hn::RebindToSigned<U32>(), v));  // values below 2^16: saturation does not act
}

HWY_INLINE hn::Vec<U16> narrow_f16(hn::Vec<F32> x) {
#if HWY_TARGET == HWY_AVX3
  return hn::Vec<U16>{_mm512_cvtps_ph(x.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
#elif HWY_TARGET == HWY_AVX2
  return hn::Vec<U16>{_mm256_cvtps_ph(x.raw, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
#else
  const U32 u;
  const F32 f;
  const auto bits = hn::BitCast(u, x);
  const auto sign = hn::And(hn::ShiftRight<16>(bits), hn::Set(u, 0x8000));
  const auto magnitude = hn::And(bits, hn::Set(u, 0x7FFFFFFF));
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(u, 1));
  auto result =
      hn::ShiftRight<13>(hn::Add(hn::Sub(magnitude, hn::Set(u, 0x38000000)), hn::Add(odd, hn::Set(u, 0xFFF))));
  const auto aligned = hn::BitCast(u, hn::Add(hn::BitCast(f, magnitude), hn::Set(f, 0.5F)));
  result = hn::IfThenElse(hn::Lt(magnitude, hn::Set(u, 0x38800000)), hn::Sub(aligned, hn::Set(u, 0x3F000000)), result);
  result = hn::IfThenElse(hn::Gt(magnitude, hn::Set(u, 0x477FEFFF)), hn::Set(u, 0x7C00), result);
  const auto nan = hn::Or(hn::Set(u, 0x7E00), hn::And(hn::ShiftRight<13>(magnitude), hn::Set(u, 0x1FF)));
  result = hn::IfThenElse(hn::Gt(magnitude, hn::Set(u, 0x7F800000)), nan, result);
  return narrow_to_u16(hn::Or(sign, result));
#endif
}

HWY_INLINE hn::Vec<U16> narrow_bf16(hn::Vec<F32> x) {
  const U32 u;
  const auto bits = hn::BitCast(u, x);
  const auto high = hn::ShiftRight<16>(bits);
  const auto rounded = hn::ShiftRight<16>(hn::Add(bits, hn::Add(hn::Set(u, 0x7FFF), hn::And(high, hn::Set(u, 1)))));
  const auto is_nan = hn::Gt(hn::And(bits, hn::Set(u, 0x7FFFFFFF)), hn::Set(u, 0x7F800000));
  return narrow_to_u16(hn::IfThenElse(is_nan, hn::Or(high, hn::Set(u, 0x40)), rounded));
}

void F16ToF32(const std::uint16_t* x, float* y, std::int64_t n) {
  convert_array(
      x, y, n, [](auto v) HWY_ATTR { return widen_f16(v); }, f16_to_f32);
}

void Bf16ToF32(const std::uint16_t* x, float* y, std::int64_t n) {
  const auto widen = [](auto v) HWY_ATTR { return hn::BitCast(F32(), hn::ShiftLeft<16>(hn::PromoteTo(U32(), v))); };
  convert_array(x, y, n, widen, bf16_to_f32);
}

void U8ToF32(const std::uint8_t* x, float* y, std::int64_t n) {
  const auto widen = [](auto v) HWY_ATTR { return hn::ConvertTo(F32(), hn::PromoteTo(hn::RebindToSigned<U32>(), v)); };
  convert_array(x, y, n, widen, [](std::uint8_t v) { return static_cast<float>(v); });
}

void I32ToF32(const std::int32_t* x, float* y, std::int64_t n) {
  convert_array(
      x, y, n, [](auto v) HWY_ATTR { return hn::ConvertTo(F32(), v); },
      [](std::int32_t v) { return static_cast<float>(v); });
}

void F32ToF16(const float* x, std::uint16_t* y, std::int64_t n) {
  convert_array(
      x, y, n, [](auto v) HWY_ATTR { return narrow_f16(v); }, f32_to_f16);
}

void F32ToBf16(const float* x, std::uint16_t* y, std::int64_t n) {
  convert_array(
      x, y, n, [](auto v) HWY_ATTR { return narrow_bf16(v); }, f32_to_bf16);
}

}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {

HWY_EXPORT(F16ToF32);
HWY_EXPORT(Bf16ToF32);
HWY_EXPORT(U8ToF32);
HWY_EXPORT(I32ToF32);
HWY_EXPORT(F32ToF16);
HWY_EXPORT(F32ToBf16);

void convert_f16_f32(const std::uint16_t* x, float* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(F16ToF32)(x, y, n); }
void convert_bf16_f32(const std::uint16_t* x, float* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(Bf16ToF32)(x, y, n); }
void convert_u8_f32(const std::uint8_t* x, float* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(U8ToF32)(x, y, n); }
void convert_i32_f32(const std::int32_t* x, float* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(I32ToF32)(x, y, n); }
void convert_f32_f16(const float* x, std::uint16_t* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(F32ToF16)(x, y, n); }
void convert_f32_bf16(const float* x, std::uint16_t* y, std::int64_t n) { HWY_DYNAMIC_DISPATCH(F32ToBf16)(x, y, n); }

}  // namespace zeropoint
#endif
