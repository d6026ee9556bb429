// Blocks of 32 values whose scales come from their extremes. The values lie along the vectors; only the extremes of as
// many blocks as a vector has lanes are brought together, since the order in which a maximum is found does not matter.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ggml/encode_blocks.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
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
constexpr std::uint64_t kAllLanes = (std::uint64_t{1} << kLanes) - 1;
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

/// The grids of kLanes blocks, from their extremes.
template <GgmlType kType>
HWY_INLINE void FindGrids(const Extremes* fours, Grids& grids) {
  const F32 f;
  constexpr BlockFormat kFormat = block_format(kType);
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
    constexpr int kZero = kFormat.levels / 2;
    grids.set_step(hn::Div(hn::IfThenZeroElse(is_zero, peak), Set(-kZero)), known);
  }
}

/// The codes of kLanes values of a block; of 4 and 5 bits, one too many where a value lies opposite the peak.
template <GgmlType kType>
HWY_INLINE VI32 CodesOf(const float* x, const Grids& grids, int lane) {
  const F32 f;
  constexpr BlockFormat kFormat = block_format(kType);
  VF32 v = hn::LoadU(f, x);
  if constexpr (kFormat.has_min) v = hn::Sub(v, Set(grids.min[lane]));
  v = hn::Mul(v, Set(grids.inverse[lane]));
  if constexpr (kType == GgmlType::q8_0) {  // halves away from zero: just below a half is enough to reach it
    return hn::ConvertTo(I32(), hn::Add(v, hn::CopySignToAbs(Set(0.5F - 0x1p-25F), v)));
  } else {
    constexpr int kZero = kFormat.has_min ? 0 : kFormat.levels / 2;
    constexpr float kOffset = static_cast<float>(kZero) + 0.5F;
    return hn::ConvertTo(I32(), hn::Add(v, Set(kOffset)));
  }
}

/// The packed bytes of a group, block after block, without what comes before the codes.
template <GgmlType kType>
struct GroupBytes {
  static constexpr bool kIsQ8 = kType == GgmlType::q8_0;
  static constexpr bool kHasFifth = !kIsQ8 && block_format(kType).levels == 32;
  static constexpr int kBytes = kIsQ8 ? kBlock : kBlock / 2;

  HWY_ALIGN std::uint8_t bytes[kLanes * kBytes];
  HWY_ALIGN std::uint16_t fifth[2 * kLanes];  // halves of the fifth bits: the low ones of a few blocks, then the high

  /// Blocks lane ... lane + 3.
  HWY_INLINE void encode_four(const float* x, const Grids& grids, int lane) {
    if constexpr (kIsQ8) {
      const I8 i8;
      for (int at = 0; at < 4 * kBlock; at += 4 * kLanes) {
        const auto codes = [&](int v) HWY_ATTR {
          const int from = at + v * kLanes;
          return CodesOf<kType>(x + from, grids, lane + from / kBlock);
        };
        const auto narrow = NarrowTo(i8, NarrowToI16(codes(0), codes(1)), NarrowToI16(codes(2), codes(3)));
        hn::Store(RestoreOrder(narrow), i8, reinterpret_cast<std::int8_t*>(bytes) + lane * kBlock + at);
      }
    } else {
      const U8 u8;
      constexpr int kHalf = kBlock / 2;
      constexpr int kBlocks = kLanes / 4;  // whose halves fill a vector of bytes
      const auto most = hn::Set(u8, block_format(kType).levels - 1);
      for (int b = 0; b < 4; b += kBlocks) {
        const auto half = [&](int offset) HWY_ATTR {
          const auto codes = [&](int v) HWY_ATTR {
            const int block = b + v * kLanes / kHalf;
            return CodesOf<kType>(x + block * kBlock + offset + v * kLanes % kHalf, grids, lane + block);
          };
          const auto narrow = NarrowTo(u8, NarrowToI16(codes(0), codes(1)), NarrowToI16(codes(2), codes(3)));
          return hn::Min(narrow, most);
        };
        auto low = half(0);
        auto high = half(kHalf);
        if constexpr (kHasFifth) {
          store_fifth(low, lane + b, 0);
          store_fifth(high, lane + b, 1);
          low = hn::And(low, hn::Set(u8, 15));
          high = hn::And(high, hn::Set(u8, 15));
        }
        const U16 u16;  // the codes are below 16: no bit leaves its byte
        const auto both = hn::Or(low, hn::BitCast(u8, hn::ShiftLeft<4>(hn::BitCast(u16, high))));
        hn::Store(RestoreOrder(both), u8, bytes + (lane + b) * kHalf);
      }
    }
  }

  /// Bit 4 of every code.
  HWY_INLINE void store_fifth(hn::Vec<U8> codes, int lane, int half) {
    const U8 u8;
    std::uint8_t bits[kLanes] = {};
    hn::StoreMaskBits(u8, hn::TestBit(RestoreOrder(codes), hn::Set(u8, 16)), bits);
    for (int b = 0; b < kLanes / 4; ++b) std::memcpy(&fifth[2 * (lane + b) + half], bits + 2 * b, sizeof fifth[0]);
  }

  /// Header and codes of one block.
  HWY_INLINE void write(const Grids& grids, int lane, std::byte* dst) const {
    const auto put = [&](const void* from, std::size_t size) {
      std::memcpy(dst, from, size);
      dst += size;
    };
    put(&grids.d[lane], sizeof grids.d[lane]);
    if constexpr (block_format(kType).has_min) put(&grids.m[lane], sizeof grids.m[lane]);
    if constexpr (kHasFifth) put(&fifth[2 * lane], 2 * sizeof fifth[0]);
    put(bytes + lane * kBytes, kBytes);
  }
};

/// Three groups are under way: one is encoded, the grids of the next are computed, the one after it is read.
template <GgmlType kType>
void encode_type(const EncodeTask& task, std::int64_t begin, std::int64_t end) {
  constexpr int kFours = kLanes / 4;
  const std::size_t bytes = ggml_block_bytes(kType);
  const float* x = task.src + begin * kBlock;
  std::byte* dst = task.dst + static_cast<std::size_t>(begin) * bytes;
  const auto encode_one = [](const float* from, std::byte* to) {
    pack(kType, reference::encode_block(kType, from), to);
  };
  const std::int64_t groups = (end - begin) / kLanes;
  const auto group_at = [=](std::int64_t g) { return x + std::min(g, groups - 1) * kLanes * kBlock; };
  Grids grids[2];
  GroupBytes<kType> packed;
  Extremes fours[kFours];
  if (groups > 0) {
    for (int k = 0; k < kFours; ++k) fours[k] = ExtremesOfFour<kType>(x + 4 * k * kBlock);
    FindGrids<kType>(fours, grids[0]);
    for (int k = 0; k < kFours; ++k) fours[k] = ExtremesOfFour<kType>(group_at(1) + 4 * k * kBlock);
  }
  for (std::int64_t g = 0; g < groups; ++g, dst += kLanes * bytes) {
    const float* current = group_at(g);
    const float* after_next = group_at(g + 2);
    const Grids& own = grids[g % 2];
    FindGrids<kType>(fours, grids[(g + 1) % 2]);
    for (int k = 0; k < kFours; ++k) {
      fours[k] = ExtremesOfFour<kType>(after_next + 4 * k * kBlock);
      packed.encode_four(current + 4 * k * kBlock, own, 4 * k);
    }
    for (int lane = 0; lane < kLanes; ++lane) packed.write(own, lane, dst + static_cast<std::size_t>(lane) * bytes);
    if (HWY_LIKELY(own.ordinary == kAllLanes)) continue;
    for (int lane = 0; lane < kLanes; ++lane) {
      if ((own.ordinary >> lane & 1) != 0) continue;
      encode_one(current + lane * kBlock, dst + static_cast<std::size_t>(lane) * bytes);
    }
  }
  for (std::int64_t b = begin + groups * kLanes; b < end; ++b, dst += bytes) encode_one(task.src + b * kBlock, dst);
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
