#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ggml/decode.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <cstring>

#include "base/float16.h"
#include "kernels/ggml/blocks.h"
#include "kernels/ggml/decode.h"
#include "kernels/ggml/formats.h"
#include "kernels/ggml/layouts.h"
#include "kernels/ggml/reference.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace kernels {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

void decode(GgmlType type, const std::byte* src, std::int64_t blocks, float* dst) {
  reference::ggml_dequantize(type, src, blocks * ggml_block_size(type), dst);
}

#else

using namespace zeropoint::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): simd-inl.h of this target

constexpr int kLanes = HWY_LANES(float);

HWY_INLINE VF32 Set(float value) { return hn::Set(F32(), value); }

/// kLanes bytes, each in a lane.
HWY_INLINE VI32 LoadBytes(const std::byte* from) {
  const hn::Rebind<std::uint8_t, I32> u8;
  return hn::PromoteTo(I32(), hn::LoadU(u8, reinterpret_cast<const std::uint8_t*>(from)));
}

template <GgmlType kType>
HWY_INLINE void DecodeBlock(const std::byte* src, float* dst) {
  const F32 f;
  const I32 i32;
  constexpr BlockFormat kFormat = block_format(kType);
  constexpr bool kHasFifth = kFormat.levels == 32;
  std::uint16_t half;
  std::memcpy(&half, src, sizeof half);
  src += sizeof half;
  const VF32 d = Set(f16_to_f32(half));
  if constexpr (kType == GgmlType::q8_0) {
    const hn::Rebind<std::int8_t, I32> i8;
    for (int i = 0; i < kBlock; i += kLanes) {
      const auto codes = hn::LoadU(i8, reinterpret_cast<const std::int8_t*>(src) + i);
      hn::StoreU(hn::Mul(hn::ConvertTo(f, hn::PromoteTo(i32, codes)), d), f, dst + i);
    }
  } else {
    VF32 m = hn::Zero(f);
    if constexpr (kFormat.has_min) {
      std::memcpy(&half, src, sizeof half);
      src += sizeof half;
      m = Set(f16_to_f32(half));
    }
    std::uint32_t fifth = 0;
    if constexpr (kHasFifth) {
      std::memcpy(&fifth, src, sizeof fifth);
      src += sizeof fifth;
    }
    const auto finish = [&](VI32 code, int at) HWY_ATTR {
      if constexpr (kHasFifth) {
        const U32 u32;
        const auto bit = hn::ShiftLeft<4>(hn::Shr(hn::Set(u32, fifth), hn::Iota(u32, static_cast<std::uint32_t>(at))));
        code = hn::Or(code, hn::And(hn::BitCast(i32, bit), hn::Set(i32, 16)));
      }
      if constexpr (!kFormat.has_min) code = hn::Sub(code, hn::Set(i32, kFormat.levels / 2));
      VF32 value = hn::Mul(hn::ConvertTo(f, code), d);
      if constexpr (kFormat.has_min) value = hn::Add(value, m);
      hn::StoreU(value, f, dst + at);
    };
    for (int i = 0; i < kBlock / 2; i += kLanes) {
      const VI32 both = LoadBytes(src + i);
      finish(hn::And(both, hn::Set(i32, 15)), i);
      finish(hn::ShiftRight<4>(both), kBlock / 2 + i);
    }
  }
}

template <GgmlType kType>
HWY_INLINE void DecodeSuperBlock(const std::byte* src, float* dst) {
  const F32 f;
  const I32 i32;
  constexpr bool kAffine = is_affine(kType);
  constexpr int kSubBlock = kAffine ? affine_format(kType).sub_block : kSymmetricSubBlock;
  SuperBlock header;
  unpack_header(kType, src, header);
  const float d = f16_to_f32(header.d);
  const float dmin = f16_to_f32(header.dmin);
  const auto field = [&](const Field& of, int l) HWY_ATTR {
    const VI32 bytes = hn::ShiftRightSame(LoadBytes(src + of.offset + l), of.shift);
    return hn::And(bytes, hn::Set(i32, (1 << of.bits) - 1));
  };
  for (int p = 0; p < kPieces; ++p, dst += kPiece) {
    const Field low = low_field(kType, p);
    const Field high = high_field(kType, p);
    for (int l = 0; l < kPiece; l += kLanes) {
      const int j = (p * kPiece + l) / kSubBlock;
      const VF32 scale = Set(d * static_cast<float>(header.scales[j]));
      VI32 code = field(low, l);
      if constexpr (layout_of(kType).high_bits > 0) {
        code = hn::Or(code, hn::ShiftLeft<layout_of(kType).low_bits>(field(high, l)));
      }
      if constexpr (!kAffine) code = hn::Sub(code, hn::Set(i32, symmetric_qmax(kType)));
      VF32 value = hn::Mul(scale, hn::ConvertTo(f, code));
      if constexpr (kAffine) value = hn::Sub(value, Set(dmin * static_cast<float>(header.mins[j])));
      hn::StoreU(value, f, dst + l);
    }
  }
}

template <GgmlType kType>
void decode_type(const std::byte* src, std::int64_t blocks, float* dst) {
  const std::size_t bytes = ggml_block_bytes(kType);
  const std::int64_t size = ggml_block_size(kType);
  for (std::int64_t b = 0; b < blocks; ++b, src += bytes, dst += size) {
    if constexpr (kType < GgmlType::q2_k) {
      DecodeBlock<kType>(src, dst);
    } else {
      DecodeSuperBlock<kType>(src, dst);
    }
  }
}

void decode(GgmlType type, const std::byte* src, std::int64_t blocks, float* dst) {
  switch (type) {
    case GgmlType::q4_0:
      return decode_type<GgmlType::q4_0>(src, blocks, dst);
    case GgmlType::q4_1:
      return decode_type<GgmlType::q4_1>(src, blocks, dst);
    case GgmlType::q5_0:
      return decode_type<GgmlType::q5_0>(src, blocks, dst);
    case GgmlType::q5_1:
      return decode_type<GgmlType::q5_1>(src, blocks, dst);
    case GgmlType::q8_0:
      return decode_type<GgmlType::q8_0>(src, blocks, dst);
    case GgmlType::q2_k:
      return decode_type<GgmlType::q2_k>(src, blocks, dst);
    case GgmlType::q3_k:
      return decode_type<GgmlType::q3_k>(src, blocks, dst);
    case GgmlType::q4_k:
      return decode_type<GgmlType::q4_k>(src, blocks, dst);
    case GgmlType::q5_k:
      return decode_type<GgmlType::q5_k>(src, blocks, dst);
    default:
      return decode_type<GgmlType::q6_k>(src, blocks, dst);
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
HWY_EXPORT(decode);
}  // namespace

void decode_blocks(GgmlType type, const std::byte* src, std::int64_t blocks, float* dst) {
  HWY_DYNAMIC_DISPATCH(decode)(type, src, blocks, dst);
}

}  // namespace zeropoint::kernels
#endif
