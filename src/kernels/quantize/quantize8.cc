// float32 to 8-bit codes.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize8.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cstring>

#include "kernels/divider.h"
#include "kernels/quantize/quantize.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q, Store) {
  return reference::quantize_f32(x, n, grid, q);
}

#else

constexpr std::int64_t kBlock = 4096;          // elements between two looks at the finiteness of the data
constexpr std::int64_t kPrefetchAhead = 1024;  // elements: 4 KB
constexpr float kFarAway = 32768.0F;           // steps: saturates any 8-bit code, and fits int16

/// The grid, spread over vectors.
template <class Code, bool kMultiply>
struct Quantizer {
  using D8 = hn::ScalableTag<Code>;

  VF32 scale, hi, lo, far_away, zero;
  VI16 zero_point;
  hn::Vec<D8> lowest, highest;

  HWY_INLINE VI32 steps(VF32 x) const {
    const VF32 y = kMultiply ? hn::MulAdd(x, hi, hn::Mul(x, lo)) : hn::Div(x, scale);
    return RoundToInt(hn::Min(y, far_away));
  }

  /// Four vectors of x to one vector of codes; `check` becomes NaN when an x is not finite.
  template <bool kStream>
  HWY_INLINE void four(const float* HWY_RESTRICT x, Code* HWY_RESTRICT q, VF32& check) const {
    const F32 f;
    const std::size_t lanes = hn::Lanes(f);
    const VF32 a = hn::LoadU(f, x);
    const VF32 b = hn::LoadU(f, x + lanes);
    const VF32 c = hn::LoadU(f, x + 2 * lanes);
    const VF32 d = hn::LoadU(f, x + 3 * lanes);
    check = hn::MulAdd(a, zero, check);
    check = hn::MulAdd(b, zero, check);
    check = hn::MulAdd(c, zero, check);
    check = hn::MulAdd(d, zero, check);
    const VI16 ab = hn::SaturatedAdd(NarrowToI16(steps(a), steps(b)), zero_point);
    const VI16 cd = hn::SaturatedAdd(NarrowToI16(steps(c), steps(d)), zero_point);
    const D8 d8;
    const hn::Vec<D8> codes = RestoreOrder(hn::Max(hn::Min(NarrowTo(d8, ab, cd), highest), lowest));
    if constexpr (kStream) {
      hn::Stream(codes, d8, q);
    } else {
      hn::StoreU(codes, d8, q);
    }
  }
};

template <class Code, bool kMultiply>
Quantizer<Code, kMultiply> make_quantizer(const CodeGrid& grid, const Divider& divider) {
  const F32 f;
  const hn::ScalableTag<Code> d8;
  return {.scale = hn::Set(f, divider.scale),
          .hi = hn::Set(f, divider.hi),
          .lo = hn::Set(f, divider.lo),
          .far_away = hn::Set(f, kFarAway),
          .zero = hn::Zero(f),
          .zero_point = hn::Set(I16(), static_cast<std::int16_t>(grid.zero_point)),
          .lowest = hn::Set(d8, static_cast<Code>(grid.codes.min)),
          .highest = hn::Set(d8, static_cast<Code>(grid.codes.max))};
}

/// Fewer than four vectors, through a padded copy.
template <class Code, bool kMultiply>
void some(const Quantizer<Code, kMultiply>& quantizer, const float* x, std::int64_t n, Code* q, VF32& check) {
  HWY_ALIGN float in[4 * HWY_LANES(float)] = {};
  HWY_ALIGN Code out[4 * HWY_LANES(float)];
  std::memcpy(in, x, static_cast<std::size_t>(n) * sizeof(float));
  quantizer.template four<false>(in, out, check);
  std::memcpy(q, out, static_cast<std::size_t>(n));
}

template <class Code, bool kMultiply, bool kStream>
bool run(const float* x, std::int64_t n, const CodeGrid& grid, const Divider& divider, Code* q) {
  const F32 f;
  const auto quad = static_cast<std::int64_t>(4 * hn::Lanes(f));
  const Quantizer<Code, kMultiply> quantizer = make_quantizer<Code, kMultiply>(grid, divider);
  bool all_finite = true;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = std::min(n, begin + kBlock);
    VF32 check = quantizer.zero;
    std::int64_t i = begin;
    for (; i + quad <= end; i += quad) {
      if constexpr (kStream) {
        for (std::int64_t line = 0; line < quad; line += 16) hwy::Prefetch(x + i + kPrefetchAhead + line);
      }
      quantizer.template four<kStream>(x + i, q + i, check);
    }
    if (i < end) some(quantizer, x + i, end - i, q + i, check);
    if (HWY_UNLIKELY(!hn::AllTrue(f, hn::Eq(check, quantizer.zero)))) {
      all_finite = reference::quantize_f32(x + begin, end - begin, grid, q + begin) && all_finite;
    }
  }
  return all_finite;
}

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q, Store store) {
  const Divider divider = make_divider(grid.scale, kTieBits8);
  const bool multiply = HWY_NATIVE_FMA != 0 && divider.is_exact;
  const auto aligned = static_cast<std::int64_t>((0 - reinterpret_cast<std::uintptr_t>(q)) % HWY_MAX_BYTES);
  if (store == Store::streaming && n > aligned) {
    const bool head = quantize(x, aligned, grid, q, Store::cached);
    const bool body = multiply ? run<Code, true, true>(x + aligned, n - aligned, grid, divider, q + aligned)
                               : run<Code, false, true>(x + aligned, n - aligned, grid, divider, q + aligned);
    hwy::FlushStream();
    return head && body;
  }
  return multiply ? run<Code, true, false>(x, n, grid, divider, q) : run<Code, false, false>(x, n, grid, divider, q);
}

#endif

bool quantize_u8(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q, Store store) {
  return quantize(x, n, grid, q, store);
}
bool quantize_i8(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store) {
  return quantize(x, n, grid, q, store);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(quantize_u8);
HWY_EXPORT(quantize_i8);
}  // namespace

bool quantize_f32_u8(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q, Store store) {
  return HWY_DYNAMIC_DISPATCH(quantize_u8)(x, n, grid, q, store);
}
bool quantize_f32_i8(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store) {
  return HWY_DYNAMIC_DISPATCH(quantize_i8)(x, n, grid, q, store);
}

}  // namespace zeropoint
#endif
