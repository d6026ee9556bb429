#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/requantize/requantize.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <cstring>

#include "kernels/requantize/requantize.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
void requantize(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                const RequantizeTarget& target, Code* q) {
  for (std::int64_t i = 0; i < rows * columns.columns; ++i) {
    const auto c = static_cast<std::size_t>(i % columns.columns);
    const Rescale rescale{columns.multiplier[c], {columns.m0[c], columns.shift[c]}};
    reference::requantize_s32(acc + i, 1, {&rescale, 1}, target, q + i);
  }
}

template <class Code>
void requantize(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                Code* q) {
  reference::requantize_s32(acc, n, {&rescale, 1}, target, q);
}

#else

using U64 = hn::ScalableTag<std::uint64_t>;

/// rint(acc * m + Z) in float64. Above the codes is clamped here, below them the narrowing saturates.
struct OnnxMode {
  using Constants = VF32;  // multipliers
  VF64 zero_point, highest;

  explicit OnnxMode(const RequantizeTarget& t)
      : zero_point(hn::Set(F64(), t.zero_point)), highest(hn::Set(F64(), t.codes.max)) {}

  Constants uniform(const Rescale& r) const { return hn::Set(F32(), r.multiplier); }
  Constants load(const ColumnRescale& c, std::int64_t i) const { return hn::LoadU(F32(), c.multiplier.data() + i); }

  HWY_INLINE hn::Vec<HalfI32> half(hn::Vec<HalfI32> acc, hn::Vec<HalfF32> m) const {
    const F64 f64;
    const VF64 value = hn::Add(hn::Mul(hn::PromoteTo(f64, acc), hn::PromoteTo(f64, m)), zero_point);
    return RoundToInt(hn::Min(value, highest));
  }
  HWY_INLINE VI32 codes(VI32 acc, Constants m) const {
    const HalfI32 i;
    const HalfF32 f;
    return hn::Combine(I32(), half(hn::UpperHalf(i, acc), hn::UpperHalf(f, m)),
                       half(hn::LowerHalf(i, acc), hn::LowerHalf(f, m)));
  }
};

/// rint(clamp(float(acc) * m)) + Z in float32.
struct OrtMode {
  using Constants = VF32;
  VF32 lowest, highest;
  VI32 zero_point;

  explicit OrtMode(const RequantizeTarget& t)
      : lowest(hn::Set(F32(), static_cast<float>(t.codes.min - t.zero_point))),
        highest(hn::Set(F32(), static_cast<float>(t.codes.max - t.zero_point))),
        zero_point(hn::Set(I32(), t.zero_point)) {}

  Constants uniform(const Rescale& r) const { return hn::Set(F32(), r.multiplier); }
  Constants load(const ColumnRescale& c, std::int64_t i) const { return hn::LoadU(F32(), c.multiplier.data() + i); }

  HWY_INLINE VI32 codes(VI32 acc, Constants m) const {
    const VF32 value = hn::Mul(hn::ConvertTo(F32(), acc), m);
    return hn::Add(RoundToInt(hn::Min(hn::Max(value, lowest), highest)), zero_point);
  }
};

/// multiply_by_fixed_point() for multipliers below 1 (shift <= 0), then clamp and + Z.
struct FixedPointMode {
  struct Constants {
    VI32 m0, right, mask, half;  // right = -shift, mask = 2^right - 1, half = mask / 2
  };
  VI32 lowest, highest, zero_point;

  explicit FixedPointMode(const RequantizeTarget& t)
      : lowest(hn::Set(I32(), t.codes.min - t.zero_point)),
        highest(hn::Set(I32(), t.codes.max - t.zero_point)),
        zero_point(hn::Set(I32(), t.zero_point)) {}

  static Constants make(VI32 m0, VI32 shift) {
    const I32 i32;
    const VI32 right = hn::Sub(hn::Zero(i32), shift);
    const VI32 mask = hn::Sub(hn::Shl(hn::Set(i32, 1), right), hn::Set(i32, 1));
    return {m0, right, mask, hn::BitCast(i32, hn::ShiftRight<1>(hn::BitCast(U32(), mask)))};
  }
  Constants uniform(const Rescale& r) const { return make(hn::Set(I32(), r.fixed.m0), hn::Set(I32(), r.fixed.shift)); }
  Constants load(const ColumnRescale& c, std::int64_t i) const {
    return make(hn::LoadU(I32(), c.m0.data() + i), hn::LoadU(I32(), c.shift.data() + i));
  }

  HWY_INLINE VI32 codes(VI32 acc, const Constants& m) const {
    const I32 i32;
    const U64 u64;
    const auto nudge = hn::Set(u64, std::uint64_t{1} << 30);
    const auto odd = [&](VI32 v) HWY_ATTR { return hn::BitCast(i32, hn::ShiftRight<32>(hn::BitCast(u64, v))); };
    // Bits 31 to 62 of (acc * m0 + 2^30): the low half of >> 31, or the high half of << 1.
    const auto even_product = hn::Add(hn::BitCast(u64, hn::MulEven(acc, m.m0)), nudge);
    const auto odd_product = hn::Add(hn::BitCast(u64, hn::MulEven(odd(acc), odd(m.m0))), nudge);
    const VI32 high = hn::OddEven(hn::BitCast(i32, hn::ShiftLeft<1>(odd_product)),
                                  hn::BitCast(i32, hn::ShiftRight<31>(even_product)));
    const VI32 threshold = hn::Sub(m.half, hn::BroadcastSignBit(high));
    const auto round_up = hn::Gt(hn::And(high, m.mask), threshold);
    const VI32 steps = hn::Sub(hn::Shr(high, m.right), hn::VecFromMask(i32, round_up));
    return hn::Add(hn::Min(hn::Max(steps, lowest), highest), zero_point);
  }
};

template <class Mode, class Code, class ConstantsAt>
HWY_INLINE void four(const Mode& mode, const std::int32_t* HWY_RESTRICT acc, const ConstantsAt& constants,
                     hn::Vec<hn::ScalableTag<Code>> lowest, hn::Vec<hn::ScalableTag<Code>> highest,
                     Code* HWY_RESTRICT q) {
  const I32 i32;
  const hn::ScalableTag<Code> d8;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(i32));
  const auto at = [&](std::int64_t i)
                      HWY_ATTR { return mode.codes(hn::LoadU(i32, acc + i * lanes), constants(i * lanes)); };
  const auto bytes = NarrowTo(d8, NarrowToI16(at(0), at(1)), NarrowToI16(at(2), at(3)));
  hn::StoreU(RestoreOrder(hn::Max(hn::Min(bytes, highest), lowest)), d8, q);
}

/// One row of accumulators; constants(i) are the multipliers of elements i and following.
template <class Mode, class Code, class ConstantsFrom>
void row(const Mode& mode, const std::int32_t* acc, std::int64_t n, const RequantizeTarget& target,
         const ConstantsFrom& constants, Code* q) {
  const hn::ScalableTag<Code> d8;
  const auto lowest = hn::Set(d8, static_cast<Code>(target.codes.min));
  const auto highest = hn::Set(d8, static_cast<Code>(target.codes.max));
  const auto quad = static_cast<std::int64_t>(hn::Lanes(d8));
  std::int64_t i = 0;
  for (; i + quad <= n; i += quad) {
    four(
        mode, acc + i, [&](std::int64_t j) HWY_ATTR { return constants(i + j); }, lowest, highest, q + i);
  }
  if (i == n) return;
  HWY_ALIGN std::int32_t in[HWY_MAX_BYTES] = {};
  HWY_ALIGN Code out[HWY_MAX_BYTES];
  std::memcpy(in, acc + i, static_cast<std::size_t>(n - i) * sizeof(std::int32_t));
  four(
      mode, in, [&](std::int64_t j) HWY_ATTR { return constants(i + j); }, lowest, highest, out);
  std::memcpy(q + i, out, static_cast<std::size_t>(n - i));
}

template <class Mode, class Code>
void run(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target, Code* q) {
  const Mode mode(target);
  const auto constants = mode.uniform(rescale);
  row(
      mode, acc, n, target, [&](std::int64_t) HWY_ATTR { return constants; }, q);
}

template <class Mode, class Code>
void run(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns, const RequantizeTarget& target,
         Code* q) {
  const Mode mode(target);
  for (std::int64_t r = 0; r < rows; ++r) {
    row(
        mode, acc + r * columns.columns, columns.columns, target,
        [&](std::int64_t i) HWY_ATTR { return mode.load(columns, i); }, q + r * columns.columns);
  }
}

/// A multiplier of 1 or more shifts left first: rare, and left to the reference.
template <class Code>
void with_left_shift(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                     Code* q) {
  reference::requantize_s32(acc, n, {&rescale, 1}, target, q);
}
template <class Code>
void with_left_shift(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                     const RequantizeTarget& target, Code* q) {
  for (std::int64_t i = 0; i < rows * columns.columns; ++i) {
    const auto c = static_cast<std::size_t>(i % columns.columns);
    with_left_shift(acc + i, 1, {columns.multiplier[c], {columns.m0[c], columns.shift[c]}}, target, q + i);
  }
}
bool shifts_left(const Rescale& rescale) { return rescale.fixed.shift > 0; }
bool shifts_left(const ColumnRescale& columns) { return !columns.only_right_shifts; }

template <class Multipliers, class Code>
void requantize(const std::int32_t* acc, std::int64_t count, const Multipliers& multipliers,
                const RequantizeTarget& target, Code* q) {
  switch (target.arithmetic) {
    case Arithmetic::onnx:
      return run<OnnxMode>(acc, count, multipliers, target, q);
    case Arithmetic::ort_x86:
      return run<OrtMode>(acc, count, multipliers, target, q);
    case Arithmetic::fixed_point:
      if (shifts_left(multipliers)) return with_left_shift(acc, count, multipliers, target, q);
      return run<FixedPointMode>(acc, count, multipliers, target, q);
  }
}

#endif

void uniform_u8(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                std::uint8_t* q) {
  requantize(acc, n, rescale, target, q);
}
void uniform_i8(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                std::int8_t* q) {
  requantize(acc, n, rescale, target, q);
}
void columns_u8(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                const RequantizeTarget& target, std::uint8_t* q) {
  requantize(acc, rows, columns, target, q);
}
void columns_i8(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                const RequantizeTarget& target, std::int8_t* q) {
  requantize(acc, rows, columns, target, q);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(uniform_u8);
HWY_EXPORT(uniform_i8);
HWY_EXPORT(columns_u8);
HWY_EXPORT(columns_i8);
}  // namespace

void requantize_s32_u8(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                       std::uint8_t* q) {
  HWY_DYNAMIC_DISPATCH(uniform_u8)(acc, n, rescale, target, q);
}
void requantize_s32_i8(const std::int32_t* acc, std::int64_t n, const Rescale& rescale, const RequantizeTarget& target,
                       std::int8_t* q) {
  HWY_DYNAMIC_DISPATCH(uniform_i8)(acc, n, rescale, target, q);
}
void requantize_columns_s32_u8(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                               const RequantizeTarget& target, std::uint8_t* q) {
  HWY_DYNAMIC_DISPATCH(columns_u8)(acc, rows, columns, target, q);
}
void requantize_columns_s32_i8(const std::int32_t* acc, std::int64_t rows, const ColumnRescale& columns,
                               const RequantizeTarget& target, std::int8_t* q) {
  HWY_DYNAMIC_DISPATCH(columns_i8)(acc, rows, columns, target, q);
}

}  // namespace zeropoint
#endif
