// float32 to 16-bit codes, on one grid and with a grid per column.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/quantize/quantize16.cc"
#include "hwy/foreach_target.h"
#include "kernels/quantize/quantize8-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q) {
  return reference::quantize_f32(x, n, grid, q);
}
template <class Code>
bool quantize_columns(const float* x, std::int64_t rows, const GridSpan& grids, Code* q) {
  return reference::quantize_columns_f32(x, rows, grids, q);
}

#else

constexpr std::int64_t kBlock = 4096;    // elements between two looks at the finiteness of the data
constexpr float kFarAway16 = 131072.0F;  // steps: saturates any 16-bit code, and fits int32 with any zero point

/// Vectors of code + bias as int16: uint16 codes are moved by -32768 so that one signed narrowing serves both.
template <class Code>
struct Codes16 {
  static constexpr std::int32_t kBias = std::is_signed_v<Code> ? 0 : -32768;
  VI16 lowest, highest, unbias;
  VF32 check;

  explicit Codes16(CodeRange codes)
      : lowest(hn::Set(I16(), static_cast<std::int16_t>(codes.min + kBias))),
        highest(hn::Set(I16(), static_cast<std::int16_t>(codes.max + kBias))),
        unbias(hn::Set(I16(), static_cast<std::int16_t>(kBias))),
        check(hn::Zero(F32())) {}

  HWY_INLINE VF32 load(const float* x) {
    const VF32 v = hn::LoadU(F32(), x);
    check = hn::MulAdd(v, hn::Zero(F32()), check);
    return v;
  }
  bool saw_non_finite() const { return !hn::AllTrue(F32(), hn::Eq(check, hn::Zero(F32()))); }

  template <Way kWay>
  HWY_INLINE VI32 one(const float* from, const Divisor<kWay>& by, VI32 zero_point) {
    const VF32 far_away = hn::Set(F32(), kFarAway16);
    const VF32 x = load(from);
    const VF32 quotient = multiplies(kWay) ? hn::MulAdd(x, by.hi, hn::Mul(x, by.lo)) : hn::Div(x, by.hi);
    const VF32 y = hn::Max(hn::Min(quotient, far_away), hn::Neg(far_away));
    return hn::Add(RoundToInt(y), hn::Add(zero_point, hn::Set(I32(), kBias)));
  }
  HWY_INLINE void store(VI32 a, VI32 b, Code* q) const {
    const VI16 words = hn::Max(hn::Min(RestoreWords(NarrowToI16(a, b)), highest), lowest);
    hn::StoreU(hn::Xor(words, unbias), I16(), reinterpret_cast<std::int16_t*>(q));
  }
};

template <Way kWay, class Code>
bool run(const float* x, std::int64_t n, const CodeGrid& grid, const Divider& divider, Code* q) {
  const Divisor<kWay> by = make_divisor<kWay>(divider);
  const VI32 zero_point = hn::Set(I32(), grid.zero_point);
  bool all_finite = true;
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    const std::int64_t end = std::min(n, begin + kBlock);
    Codes16<Code> codes(grid.codes);
    const auto two = [&](const float* from, Code* to) HWY_ATTR {
      const VI32 a = codes.one(from, by, zero_point);
      codes.store(a, codes.one(from + kLanes, by, zero_point), to);
    };
    std::int64_t i = begin;
    for (; i + kPair <= end; i += kPair) two(x + i, q + i);
    if (i < end) {
      HWY_ALIGN float in[kPair] = {};
      HWY_ALIGN Code out[kPair];
      const auto rest = static_cast<std::size_t>(end - i);
      std::memcpy(in, x + i, rest * sizeof(float));
      two(in, out);
      std::memcpy(q + i, out, rest * sizeof(Code));
    }
    if (HWY_UNLIKELY(codes.saw_non_finite())) {
      all_finite = reference::quantize_f32(x + begin, end - begin, grid, q + begin) && all_finite;
    }
  }
  return all_finite;
}

template <class Code>
bool quantize(const float* x, std::int64_t n, const CodeGrid& grid, Code* q) {
  const Divider divider = make_divider(grid.scale, kTieBits16);
  return HWY_NATIVE_FMA != 0 && divider.is_exact ? run<Way::multiply>(x, n, grid, divider, q)
                                                 : run<Way::divide>(x, n, grid, divider, q);
}

/// Divides: with 17 bits to a tie, one scale in 64 would need it anyway.
template <class Code>
bool quantize_columns(const float* x, std::int64_t rows, const GridSpan& grids, Code* q) {
  bool all_finite = true;
  for (std::int64_t row = 0; row < rows; ++row, x += grids.count, q += grids.count) {
    Codes16<Code> codes(grids.codes);
    const auto one = [&](std::int64_t i) HWY_ATTR {
      const VF32 scale = hn::LoadU(F32(), grids.scales + i);
      return codes.one(x + i, Divisor<Way::divide>{scale, scale}, hn::LoadU(I32(), grids.zero_points + i));
    };
    std::int64_t i = 0;
    for (; i + kPair <= grids.count; i += kPair) {
      const VI32 a = one(i);
      codes.store(a, one(i + kLanes), q + i);
    }
    const GridSpan rest = grids.from(i, grids.count - i);
    const bool rest_finite = reference::quantize_runs_f32(x + i, 1, rest, q + i);
    const bool finite = !codes.saw_non_finite();
    if (HWY_UNLIKELY(!finite)) reference::quantize_runs_f32(x, 1, grids, q);
    all_finite = all_finite && finite && rest_finite;
  }
  return all_finite;
}

#endif

bool uniform_u16(const float* x, std::int64_t n, const CodeGrid& grid, std::uint16_t* q) {
  return quantize(x, n, grid, q);
}
bool uniform_i16(const float* x, std::int64_t n, const CodeGrid& grid, std::int16_t* q) {
  return quantize(x, n, grid, q);
}
bool columns_u16(const float* x, std::int64_t rows, const GridSpan& grids, std::uint16_t* q) {
  return quantize_columns(x, rows, grids, q);
}
bool columns_i16(const float* x, std::int64_t rows, const GridSpan& grids, std::int16_t* q) {
  return quantize_columns(x, rows, grids, q);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(uniform_u16);
HWY_EXPORT(uniform_i16);
HWY_EXPORT(columns_u16);
HWY_EXPORT(columns_i16);
}  // namespace

bool quantize_f32_u16(const float* x, std::int64_t n, const CodeGrid& grid, std::uint16_t* q) {
  return HWY_DYNAMIC_DISPATCH(uniform_u16)(x, n, grid, q);
}
bool quantize_f32_i16(const float* x, std::int64_t n, const CodeGrid& grid, std::int16_t* q) {
  return HWY_DYNAMIC_DISPATCH(uniform_i16)(x, n, grid, q);
}
bool quantize_columns_f32_u16(const float* x, std::int64_t rows, const GridSpan& grids, std::uint16_t* q) {
  return HWY_DYNAMIC_DISPATCH(columns_u16)(x, rows, grids, q);
}
bool quantize_columns_f32_i16(const float* x, std::int64_t rows, const GridSpan& grids, std::int16_t* q) {
  return HWY_DYNAMIC_DISPATCH(columns_i16)(x, rows, grids, q);
}

}  // namespace zeropoint
#endif
