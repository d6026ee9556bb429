#include "kernels/ggml/blocks.h"

#include <cstring>

#include "kernels/ggml/layouts.h"

namespace zeropoint::kernels {
namespace {

using Byte = std::uint8_t;

void put16(std::byte* at, std::uint16_t value) { std::memcpy(at, &value, sizeof value); }
std::uint16_t get16(const std::byte* at) {
  std::uint16_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// ---- 32 values: d, m, fifth bits, then nibbles; the first half of the codes lies in the low ones.

constexpr int kHalf = kBlock / 2;

bool has_min(GgmlType type) { return type == GgmlType::q4_1 || type == GgmlType::q5_1; }
bool has_fifth_bits(GgmlType type) { return type == GgmlType::q5_0 || type == GgmlType::q5_1; }

// ---- 256 values

/// Q4_K, Q5_K: eight 6-bit scales and mins. The first four of each fill bytes 0-3 and 4-7; the other pairs share bytes
/// 8-11 with their low halves and borrow the free top bits of the first eight.
void pack_scales_and_mins(const SuperBlock& block, std::byte* dst) {
  for (int j = 0; j < 4; ++j) {
    const int scale = block.scales[j + 4];
    const int min = block.mins[j + 4];
    dst[j] = static_cast<std::byte>(block.scales[j] | ((scale >> 4) << 6));
    dst[j + 4] = static_cast<std::byte>(block.mins[j] | ((min >> 4) << 6));
    dst[j + 8] = static_cast<std::byte>((scale & 15) | ((min & 15) << 4));
  }
}
void unpack_scales_and_mins(const std::byte* src, SuperBlock& block) {
  const auto byte = [&](int i) { return std::to_integer<int>(src[i]); };
  for (int j = 0; j < 4; ++j) {
    block.scales[j] = static_cast<std::int8_t>(byte(j) & 63);
    block.mins[j] = static_cast<Byte>(byte(j + 4) & 63);
    block.scales[j + 4] = static_cast<std::int8_t>((byte(j + 8) & 15) | ((byte(j) >> 6) << 4));
    block.mins[j + 4] = static_cast<Byte>((byte(j + 8) >> 4) | ((byte(j + 4) >> 6) << 4));
  }
}

/// Q3_K: sixteen 6-bit scales, stored + 32. The nibbles of j and j + 8 share byte j; their upper bits are in bytes
/// 8-11.
constexpr int kScaleBytes = 12;
constexpr int kScaleZero = 32;
void pack_scales(const std::int8_t* scales, std::byte* dst) {
  std::memset(dst, 0, kScaleBytes);
  for (int j = 0; j < 16; ++j) {
    const int code = scales[j] + kScaleZero;
    dst[j % 8] |= static_cast<std::byte>((code & 15) << (j < 8 ? 0 : 4));
    dst[8 + j % 4] |= static_cast<std::byte>((code >> 4) << (2 * (j / 4)));
  }
}
void unpack_scales(const std::byte* src, std::int8_t* scales) {
  for (int j = 0; j < 16; ++j) {
    const int low = (std::to_integer<int>(src[j % 8]) >> (j < 8 ? 0 : 4)) & 15;
    const int high = (std::to_integer<int>(src[8 + j % 4]) >> (2 * (j / 4))) & 3;
    scales[j] = static_cast<std::int8_t>((low | (high << 4)) - kScaleZero);
  }
}

}  // namespace

void pack(GgmlType type, const Block& block, std::byte* dst) {
  put16(dst, block.d);
  dst += sizeof block.d;
  if (type == GgmlType::q8_0) {
    std::memcpy(dst, block.codes, kBlock);
    return;
  }
  if (has_min(type)) {
    put16(dst, block.m);
    dst += sizeof block.m;
  }
  if (has_fifth_bits(type)) {
    std::uint32_t fifth = 0;
    for (int i = 0; i < kBlock; ++i) fifth |= ((block.codes[i] >> 4) & 1U) << i;
    std::memcpy(dst, &fifth, sizeof fifth);
    dst += sizeof fifth;
  }
  for (int i = 0; i < kHalf; ++i) {
    dst[i] = static_cast<std::byte>((block.codes[i] & 15) | (block.codes[kHalf + i] << 4));
  }
}

void unpack(GgmlType type, const std::byte* src, Block& block) {
  block.d = get16(src);
  src += sizeof block.d;
  if (type == GgmlType::q8_0) {
    std::memcpy(block.codes, src, kBlock);
    return;
  }
  if (has_min(type)) {
    block.m = get16(src);
    src += sizeof block.m;
  }
  std::uint32_t fifth = 0;
  if (has_fifth_bits(type)) {
    std::memcpy(&fifth, src, sizeof fifth);
    src += sizeof fifth;
  }
  for (int i = 0; i < kHalf; ++i) {
    const int nibbles = std::to_integer<int>(src[i]);
    block.codes[i] = static_cast<Byte>((nibbles & 15) | (((fifth >> i) & 1) << 4));
    block.codes[kHalf + i] = static_cast<Byte>((nibbles >> 4) | (((fifth >> (kHalf + i)) & 1) << 4));
  }
}

void pack_header(GgmlType type, const SuperBlock& block, std::byte* dst) {
  const SuperBlockLayout layout = layout_of(type);
  std::byte* scales = dst + layout.scales;
  if (type == GgmlType::q2_k) {
    for (int j = 0; j < 16; ++j) scales[j] = static_cast<std::byte>(block.scales[j] | (block.mins[j] << 4));
  } else if (type == GgmlType::q3_k) {
    pack_scales(block.scales, scales);
  } else if (type == GgmlType::q6_k) {
    std::memcpy(scales, block.scales, 16);
  } else {
    pack_scales_and_mins(block, scales);
  }
  put16(dst + layout.d, block.d);
  if (layout.dmin != 0) put16(dst + layout.dmin, block.dmin);
}

void unpack_header(GgmlType type, const std::byte* src, SuperBlock& block) {
  const SuperBlockLayout layout = layout_of(type);
  const std::byte* scales = src + layout.scales;
  if (type == GgmlType::q2_k) {
    for (int j = 0; j < 16; ++j) {
      block.scales[j] = static_cast<std::int8_t>(std::to_integer<int>(scales[j]) & 15);
      block.mins[j] = static_cast<Byte>(std::to_integer<int>(scales[j]) >> 4);
    }
  } else if (type == GgmlType::q3_k) {
    unpack_scales(scales, block.scales);
  } else if (type == GgmlType::q6_k) {
    std::memcpy(block.scales, scales, 16);
  } else {
    unpack_scales_and_mins(scales, block);
  }
  block.d = get16(src + layout.d);
  if (layout.dmin != 0) block.dmin = get16(src + layout.dmin);
}

void pack(GgmlType type, const SuperBlock& block, std::byte* dst) {
  std::memset(dst, 0, ggml_block_bytes(type));
  const auto put = [&](const Field& field, const Byte* codes, int from_bit) {
    for (int l = 0; l < kPiece && field.bits > 0; ++l) {
      const int part = (codes[l] >> from_bit) & ((1 << field.bits) - 1);
      dst[field.offset + l] |= static_cast<std::byte>(part << field.shift);
    }
  };
  for (int p = 0; p < kPieces; ++p) {
    const Field low = low_field(type, p);
    put(low, block.codes + p * kPiece, 0);
    put(high_field(type, p), block.codes + p * kPiece, low.bits);
  }
  pack_header(type, block, dst);
}

void unpack(GgmlType type, const std::byte* src, SuperBlock& block) {
  const auto get = [&](const Field& field, int l) {
    return (std::to_integer<int>(src[field.offset + l]) >> field.shift) & ((1 << field.bits) - 1);
  };
  for (int p = 0; p < kPieces; ++p) {
    const Field low = low_field(type, p);
    const Field high = high_field(type, p);
    for (int l = 0; l < kPiece; ++l) {
      block.codes[p * kPiece + l] = static_cast<Byte>(get(low, l) | (get(high, l) << low.bits));
    }
  }
  unpack_header(type, src, block);
}

}  // namespace zeropoint::kernels
