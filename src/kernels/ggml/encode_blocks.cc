// Blocks of 32 values whose scales come from their extremes. The values lie along the vectors; only the extremes of as
// many blocks as a vector has lanes are brought together, since the order in which a maximum is found does not matter.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ggml/encode_blocks.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <cstring>

#include "kernels/ggml/encode.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/lanes-inl.h"
#include "kernels/ggml/reference.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace kernels {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void encode(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  const std::size_t bytes = ggml_block_bytes(task.type);
  for (std::int64_t b = begin; b < end; ++b) {
    pack(task.type, reference::encode_block(task.type, task.src + b * kBlock),
         task.dst + static_cast<std::size_t>(b) * bytes);
  }
}

#else

constexpr int kLanes = HWY_LANES(float);
constexpr int kVectors = kBlock / kLanes;  // per block
constexpr float kSmallestStep = 0x1p-126F;
constexpr float kLargestStep = 0x1p15F;

using Mask = hn::Mask<F32>;

HWY_INLINE VF32 Set(float value) { return hn::Set(F32(), value); }

struct Greater {
  HWY_INLINE VF32 operator()(VF32 a, VF32 b) const { return hn::Max(a, b); }
};
struct Smaller {
  HWY_INLINE VF32 operator()(VF32 a, VF32 b) const { return hn::Min(a, b); }
};

/// Lane i % 4 of every 128-bit block is Op over that block of the i-th vector.
template <class Op>
HWY_INLINE VF32 ReduceFour(VF32 a, VF32 b, VF32 c, VF32 d) {
  const F32 f;
  const Op op;
  const hn::Repartition<std::uint64_t, F32> u64;
  const auto ab = hn::BitCast(u64, op(hn::InterleaveLower(f, a, b), hn::InterleaveUpper(f, a, b)));
  const auto cd = hn::BitCast(u64, op(hn::InterleaveLower(f, c, d), hn::InterleaveUpper(f, c, d)));
  return op(hn::BitCast(f, hn::InterleaveLower(u64, ab, cd)), hn::BitCast(f, hn::InterleaveUpper(u64, ab, cd)));
}

/// Lane i is Op over the lanes of vector i, for as many vectors as lanes; four(k) reduces vectors 4 k ... 4 k + 3.
template <class Op, class Four>
HWY_INLINE VF32 Join(const Four& four) {
  if constexpr (kLanes == 4) {
    return four(0);
  } else {
    const F32 f;
    const Op op;
    const auto halves = [&](VF32 a, VF32 b)
                            HWY_ATTR { return op(hn::ConcatLowerLower(f, b, a), hn::ConcatUpperUpper(f, b, a)); };
    const VF32 low = halves(four(0), four(1));
    if constexpr (kLanes == 8) return low;
#if HWY_TARGET == HWY_AVX3
    const VF32 high = halves(four(2), four(3));
    return op(VF32{_mm512_shuffle_f32x4(low.raw, high.raw, 0x88)}, VF32{_mm512_shuffle_f32x4(low.raw, high.raw, 0xDD)});
#endif
  }
}

struct Extremes {
  VF32 high, low;
};

/// Of one block, spread over the lanes. Q8_0: of magnitudes, high only.
template <GgmlType kType>
HWY_INLINE Extremes ExtremesOf(const float* block) {
  const F32 f;
  VF32 low = hn::LoadU(f, block);
  VF32 high = low;
  if constexpr (kType == GgmlType::q8_0) high = hn::Abs(high);
  for (int k = 1; k < kVectors; ++k) {
    const VF32 v = hn::LoadU(f, block + k * kLanes);
    if constexpr (kType == GgmlType::q8_0) {
      high = hn::Max(high, hn::Abs(v));
    } else {
      low = hn::Min(low, v);
      high = hn::Max(high, v);
    }
  }
  return {high, low};
}

/// Of four blocks, see ReduceFour().
template <GgmlType kType>
HWY_INLINE Extremes ExtremesOfFour(const float* blocks) {
  const Extremes a = ExtremesOf<kType>(blocks);
  const Extremes b = ExtremesOf<kType>(blocks + kBlock);
  const Extremes c = ExtremesOf<kType>(blocks + 2 * kBlock);
  const Extremes d = ExtremesOf<kType>(blocks + 3 * kBlock);
  const VF32 high = ReduceFour<Greater>(a.high, b.high, c.high, d.high);
  if constexpr (kType == GgmlType::q8_0) return {high, high};
  return {high, ReduceFour<Smaller>(a.low, b.low, c.low, d.low)};
}

/// The float16 nearest to |v| <= kLargestStep, ties to even: adding a power of two whose last bit is that of the
/// float16 rounds v and leaves its significand in the low bits.
HWY_INLINE void StoreHalves(VF32 v, std::uint16_t* bits) {
  const F32 f;
  const I32 i32;
  constexpr int kMantissa = 23;
  constexpr int kHalfMantissa = 10;
  const VI32 smallest_exponent = hn::Set(i32, 113 << kMantissa);  // of a normal float16
  const VI32 all = hn::BitCast(i32, v);
  const VF32 magnitude = hn::Abs(v);
  const VI32 exponent =
      hn::Max(hn::And(hn::BitCast(i32, magnitude), hn::Set(i32, 0xFF << kMantissa)), smallest_exponent);
  const VI32 power = hn::Add(exponent, hn::Set(i32, (kMantissa - kHalfMantissa) << kMantissa));
  const VI32 sum = hn::BitCast(i32, hn::Add(magnitude, hn::BitCast(f, power)));
  const VI32 above = hn::ShiftRight<kMantissa - kHalfMantissa>(hn::Sub(exponent, smallest_exponent));
  const VI32 sign = hn::And(hn::ShiftRight<16>(all), hn::Set(i32, 0x8000));
  const VI32 half = hn::Or(hn::Add(above, hn::Sub(sum, power)), sign);
  const hn::Rebind<std::uint16_t, I32> u16;
  hn::StoreU(hn::DemoteTo(u16, half), u16, bits);
}

/// What a group of blocks, one per lane, is rounded with.
struct Grids {
  HWY_ALIGN float inverse[kLanes];
  HWY_ALIGN float min[kLanes];
  HWY_ALIGN std::uint16_t d[kLanes];
  HWY_ALIGN std::uint16_t m[kLanes];
  std::uint64_t ordinary;  // lanes; the reference does the others

  /// `also`: lanes that are ordinary for other reasons.
  HWY_INLINE void set_step(VF32 step, Mask also) {
    const F32 f;
    const Mask is_zero = hn::Eq(step, hn::Zero(f));
    const VF32 magnitude = hn::Abs(step);
    const Mask in_range = hn::And(hn::Ge(magnitude, Set(kSmallestStep)), hn::Le(magnitude, Set(kLargestStep)));
    ordinary = LaneBits(hn::And(also, hn::Or(is_zero, in_range)));
    hn::Store(hn::IfThenZeroElse(is_zero, hn::Div(Set(1), step)), f, inverse);
    StoreHalves(step, d);
  }
};

/// A group of kLanes blocks to its grids.
template <GgmlType kType>
HWY_INLINE void FindGrids(const float* x, Grids& grids) {
  const F32 f;
  constexpr BlockFormat kFormat = block_format(kType);
  constexpr int kFours = kLanes / 4;
  Extremes fours[kFours] = {ExtremesOfFour<kType>(x)};
  if constexpr (kFours > 1) fours[1] = ExtremesOfFour<kType>(x + 4 * kBlock);
  if constexpr (kFours > 2) fours[2] = ExtremesOfFour<kType>(x + 8 * kBlock);
  if constexpr (kFours > 3) fours[3] = ExtremesOfFour<kType>(x + 12 * kBlock);
  const VF32 zero = hn::Zero(f);
  const VF32 high = Join<Greater>([&](int k) HWY_ATTR { return fours[k].high; });
  if constexpr (kType == GgmlType::q8_0) return grids.set_step(hn::Div(high, Set(127)), hn::Eq(zero, zero));
  const VF32 low = Join<Smaller>([&](int k) HWY_ATTR { return fours[k].low; });
  if constexpr (kFormat.has_min) {
    // Whether a min of 0 is -0 depends on the order of values.
    const Mask known = hn::And(hn::Not(hn::Eq(low, zero)), hn::Le(hn::Abs(low), Set(kLargestStep)));
    grids.set_step(hn::Div(hn::Sub(high, low), Set(kFormat.levels - 1)), known);
    hn::Store(low, f, grids.min);
    StoreHalves(low, grids.m);
  } else {
    // Of two values of largest magnitude the first counts: lanes with both signs are not ordinary.
    const VF32 peak = hn::IfThenElse(hn::Gt(high, hn::Neg(low)), high, low);
    const Mask is_zero = hn::Eq(peak, zero);
    const Mask known = hn::Or(is_zero, hn::Not(hn::Eq(high, hn::Neg(low))));
    grids.set_step(hn::Div(hn::IfThenZeroElse(is_zero, peak), Set(-kFormat.levels / 2)), known);
  }
}

/// The codes of kLanes values.
template <GgmlType kType>
HWY_INLINE VI32 Codes(VF32 x, VF32 inverse, VF32 min) {
  const I32 i32;
  constexpr BlockFormat kFormat = block_format(kType);
  if constexpr (kType == GgmlType::q8_0) {  // halves away from zero: just below a half is enough to reach it
    const VF32 v = hn::Mul(x, inverse);
    return hn::ConvertTo(i32, hn::Add(v, hn::CopySignToAbs(Set(0.5F - 0x1p-25F), v)));
  } else {
    const VF32 v = kFormat.has_min ? hn::Mul(hn::Sub(x, min), inverse) : hn::Mul(x, inverse);
    const float offset = kFormat.has_min ? 0.5F : static_cast<float>(kFormat.levels / 2) + 0.5F;
    return hn::Min(hn::ConvertTo(i32, hn::Add(v, Set(offset))), hn::Set(i32, kFormat.levels - 1));
  }
}

template <GgmlType kType>
HWY_INLINE void EncodeBlock(const float* x, const Grids& grids, int lane, std::byte* dst) {
  const F32 f;
  constexpr BlockFormat kFormat = block_format(kType);
  const VF32 inverse = Set(grids.inverse[lane]);
  const VF32 min = kFormat.has_min ? Set(grids.min[lane]) : hn::Zero(f);
  std::memcpy(dst, &grids.d[lane], sizeof grids.d[lane]);
  dst += sizeof grids.d[lane];
  if constexpr (kType == GgmlType::q8_0) {
    const hn::Rebind<std::int8_t, F32> i8;
    for (int k = 0; k < kVectors; ++k) {
      const VI32 codes = Codes<kType>(hn::LoadU(f, x + k * kLanes), inverse, min);
      hn::StoreU(hn::DemoteTo(i8, codes), i8, reinterpret_cast<std::int8_t*>(dst) + k * kLanes);
    }
    return;
  } else {
    if constexpr (kFormat.has_min) {
      std::memcpy(dst, &grids.m[lane], sizeof grids.m[lane]);
      dst += sizeof grids.m[lane];
    }
    constexpr bool kHasFifth = kFormat.levels == 32;
    const I32 i32;
    const hn::Rebind<std::uint8_t, F32> u8;
    std::uint32_t fifth = 0;
    auto* nibbles = reinterpret_cast<std::uint8_t*>(dst) + (kHasFifth ? sizeof fifth : 0);
    for (int k = 0; k < kVectors / 2; ++k) {
      const int first = k * kLanes;
      const int second = first + kBlock / 2;
      VI32 low = Codes<kType>(hn::LoadU(f, x + first), inverse, min);
      VI32 high = Codes<kType>(hn::LoadU(f, x + second), inverse, min);
      if constexpr (kHasFifth) {
        const VI32 sixteen = hn::Set(i32, 16);
        const auto bits = [&](VI32 codes) HWY_ATTR {
          return static_cast<std::uint32_t>(LaneBits(hn::RebindMask(f, hn::TestBit(codes, sixteen))));
        };
        fifth |= bits(low) << first | bits(high) << second;
        low = hn::And(low, hn::Set(i32, 15));
        high = hn::And(high, hn::Set(i32, 15));
      }
      const auto both = hn::BitCast(U32(), hn::Or(low, hn::ShiftLeft<4>(high)));
      hn::StoreU(hn::TruncateTo(u8, both), u8, nibbles + first);
    }
    if constexpr (kHasFifth) std::memcpy(dst, &fifth, sizeof fifth);
  }
}

template <GgmlType kType>
void encode_type(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  const std::size_t bytes = ggml_block_bytes(kType);
  Grids grids;
  std::int64_t b = begin;
  const auto encode_one = [&](std::int64_t at) {
    pack(kType, reference::encode_block(kType, task.src + at * kBlock),
         task.dst + static_cast<std::size_t>(at) * bytes);
  };
  for (; b + kLanes <= end; b += kLanes) {
    const float* x = task.src + b * kBlock;
    std::byte* dst = task.dst + static_cast<std::size_t>(b) * bytes;
    FindGrids<kType>(x, grids);
    for (int lane = 0; lane < kLanes; ++lane, x += kBlock, dst += bytes) EncodeBlock<kType>(x, grids, lane, dst);
    constexpr std::uint64_t kAll = (std::uint64_t{1} << kLanes) - 1;
    if (HWY_LIKELY(grids.ordinary == kAll)) continue;
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((grids.ordinary >> lane & 1) == 0) encode_one(b + lane);
    }
  }
  for (; b < end; ++b) encode_one(b);
}

void encode(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  switch (task.type) {
    case GgmlType::q4_0:
      return encode_type<GgmlType::q4_0>(task, begin, end);
    case GgmlType::q4_1:
      return encode_type<GgmlType::q4_1>(task, begin, end);
    case GgmlType::q5_0:
      return encode_type<GgmlType::q5_0>(task, begin, end);
    case GgmlType::q5_1:
      return encode_type<GgmlType::q5_1>(task, begin, end);
    default:
      return encode_type<GgmlType::q8_0>(task, begin, end);
  }
}

#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace kernels
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint::kernels {
namespace {
HWY_EXPORT(encode);
}  // namespace

void encode_blocks(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  HWY_DYNAMIC_DISPATCH(encode)(task, begin, end);
}

}  // namespace zeropoint::kernels
#endif
