// Where the bits of each block format lie.
#include "kernels/ggml/blocks.h"

#include <cstring>

namespace zeropoint::kernels {
namespace {

using Byte = std::uint8_t;

/// A cursor over the bytes of a block.
struct Writer {
  std::byte* at;
  void f16(std::uint16_t bits) { bytes(&bits, sizeof bits); }
  void bytes(const void* from, std::size_t size) {
    std::memcpy(at, from, size);
    at += size;
  }
};
struct Reader {
  const std::byte* at;
  std::uint16_t f16() {
    std::uint16_t bits;
    bytes(&bits, sizeof bits);
    return bits;
  }
  void bytes(void* to, std::size_t size) {
    std::memcpy(to, at, size);
    at += size;
  }
};

// ---- 32 values: the first half of the codes lies in the low nibbles, the second in the high ones.

constexpr int kHalf = kBlock / 2;

bool has_min(GgmlType type) { return type == GgmlType::q4_1 || type == GgmlType::q5_1; }
bool has_fifth_bits(GgmlType type) { return type == GgmlType::q5_0 || type == GgmlType::q5_1; }

// ---- 256 values: runs of 128 are cut into pieces of 32, which share bytes.

constexpr int kRun = 128;
constexpr int kPiece = 32;

/// Two bits of every code, from bit `shift` on: byte l of a run holds those of values l, l + 32, l + 64, l + 96.
void pack_pairs(const Byte* codes, int shift, Byte* pairs) {
  for (int run = 0; run < kSuperBlock / kRun; ++run, codes += kRun, pairs += kPiece) {
    for (int l = 0; l < kPiece; ++l) {
      const auto two = [&](int piece) { return ((codes[piece * kPiece + l] >> shift) & 3) << (2 * piece); };
      pairs[l] = static_cast<Byte>(two(0) | two(1) | two(2) | two(3));
    }
  }
}
void unpack_pairs(const Byte* pairs, int shift, Byte* codes) {
  for (int run = 0; run < kSuperBlock / kRun; ++run, codes += kRun, pairs += kPiece) {
    for (int piece = 0; piece < kRun / kPiece; ++piece) {
      for (int l = 0; l < kPiece; ++l) {
        Byte& code = codes[piece * kPiece + l];
        code = static_cast<Byte>(code | (((pairs[l] >> (2 * piece)) & 3) << shift));
      }
    }
  }
}

/// The low four bits of every code: byte l of two neighbouring groups holds values l of both. Groups are 32 values
/// long in Q4_K and Q5_K, 64 in Q6_K.
void pack_nibbles(const Byte* codes, int group, Byte* nibbles) {
  for (int from = 0; from < kSuperBlock; from += 2 * group, codes += 2 * group, nibbles += group) {
    for (int l = 0; l < group; ++l) nibbles[l] = static_cast<Byte>((codes[l] & 15) | (codes[group + l] << 4));
  }
}
void unpack_nibbles(const Byte* nibbles, int group, Byte* codes) {
  for (int from = 0; from < kSuperBlock; from += 2 * group, codes += 2 * group, nibbles += group) {
    for (int l = 0; l < group; ++l) {
      codes[l] = nibbles[l] & 15;
      codes[group + l] = nibbles[l] >> 4;
    }
  }
}

/// Bit `bit` of every code: bit b of byte l is that of value 32 b + l.
void pack_high_bits(const Byte* codes, int bit, Byte* bits) {
  for (int l = 0; l < kPiece; ++l) {
    int all = 0;
    for (int piece = 0; piece < 8; ++piece) all |= ((codes[piece * kPiece + l] >> bit) & 1) << piece;
    bits[l] = static_cast<Byte>(all);
  }
}
void unpack_high_bits(const Byte* bits, int bit, Byte* codes) {
  for (int piece = 0; piece < 8; ++piece) {
    for (int l = 0; l < kPiece; ++l) {
      Byte& code = codes[piece * kPiece + l];
      code = static_cast<Byte>(code | (((bits[l] >> piece) & 1) << bit));
    }
  }
}

/// Q4_K, Q5_K: eight 6-bit scales and mins. The first four of each fill bytes 0-3 and 4-7; the other pairs share bytes
/// 8-11 with their low halves and borrow the free top bits of the first eight.
constexpr int kPairBytes = 12;
void pack_scales_and_mins(const SuperBlock& block, Byte* bytes) {
  for (int j = 0; j < 4; ++j) {
    const int scale = block.scales[j + 4];
    const int min = block.mins[j + 4];
    bytes[j] = static_cast<Byte>(block.scales[j] | ((scale >> 4) << 6));
    bytes[j + 4] = static_cast<Byte>(block.mins[j] | ((min >> 4) << 6));
    bytes[j + 8] = static_cast<Byte>((scale & 15) | ((min & 15) << 4));
  }
}
void unpack_scales_and_mins(const Byte* bytes, SuperBlock& block) {
  for (int j = 0; j < 4; ++j) {
    block.scales[j] = bytes[j] & 63;
    block.mins[j] = bytes[j + 4] & 63;
    block.scales[j + 4] = static_cast<std::int8_t>((bytes[j + 8] & 15) | ((bytes[j] >> 6) << 4));
    block.mins[j + 4] = static_cast<Byte>((bytes[j + 8] >> 4) | ((bytes[j + 4] >> 6) << 4));
  }
}

/// Q3_K: sixteen 6-bit scales, stored + 32. Nibbles of j and j + 8 share byte j; two more bits each in bytes 8-11.
constexpr int kScaleBytes = 12;
constexpr int kScaleZero = 32;
void pack_scales(const std::int8_t* scales, Byte* bytes) {
  std::memset(bytes, 0, kScaleBytes);
  for (int j = 0; j < 16; ++j) {
    const int code = scales[j] + kScaleZero;
    bytes[j % 8] = static_cast<Byte>(bytes[j % 8] | ((code & 15) << (j < 8 ? 0 : 4)));
    bytes[8 + j % 4] = static_cast<Byte>(bytes[8 + j % 4] | ((code >> 4) << (2 * (j / 4))));
  }
}
void unpack_scales(const Byte* bytes, std::int8_t* scales) {
  for (int j = 0; j < 16; ++j) {
    const int low = (bytes[j % 8] >> (j < 8 ? 0 : 4)) & 15;
    const int high = (bytes[8 + j % 4] >> (2 * (j / 4))) & 3;
    scales[j] = static_cast<std::int8_t>((low | (high << 4)) - kScaleZero);
  }
}

}  // namespace

void pack(GgmlType type, const Block& block, std::byte* dst) {
  Writer out{dst};
  out.f16(block.d);
  if (type == GgmlType::q8_0) return out.bytes(block.codes, kBlock);
  if (has_min(type)) out.f16(block.m);
  if (has_fifth_bits(type)) {
    std::uint32_t fifth = 0;
    for (int i = 0; i < kBlock; ++i) fifth |= ((block.codes[i] >> 4) & 1U) << i;
    out.bytes(&fifth, sizeof fifth);
  }
  Byte nibbles[kHalf];
  for (int i = 0; i < kHalf; ++i) {
    nibbles[i] = static_cast<Byte>((block.codes[i] & 15) | (block.codes[kHalf + i] << 4));
  }
  out.bytes(nibbles, kHalf);
}

void unpack(GgmlType type, const std::byte* src, Block& block) {
  Reader in{src};
  block.d = in.f16();
  if (type == GgmlType::q8_0) return in.bytes(block.codes, kBlock);
  if (has_min(type)) block.m = in.f16();
  std::uint32_t fifth = 0;
  if (has_fifth_bits(type)) in.bytes(&fifth, sizeof fifth);
  Byte nibbles[kHalf];
  in.bytes(nibbles, kHalf);
  for (int i = 0; i < kHalf; ++i) {
    block.codes[i] = static_cast<Byte>((nibbles[i] & 15) | (((fifth >> i) & 1) << 4));
    block.codes[kHalf + i] = static_cast<Byte>((nibbles[i] >> 4) | (((fifth >> (kHalf + i)) & 1) << 4));
  }
}

void pack(GgmlType type, const SuperBlock& block, std::byte* dst) {
  Writer out{dst};
  Byte packed[kSuperBlock / 2];
  const auto nibbles = [&](int group) {
    pack_nibbles(block.codes, group, packed);
    out.bytes(packed, kSuperBlock / 2);
  };
  const auto pairs = [&](int shift) {
    pack_pairs(block.codes, shift, packed);
    out.bytes(packed, kSuperBlock / 4);
  };
  const auto high_bits = [&](int bit) {
    pack_high_bits(block.codes, bit, packed);
    out.bytes(packed, kSuperBlock / 8);
  };
  if (type == GgmlType::q2_k) {
    for (int j = 0; j < 16; ++j) packed[j] = static_cast<Byte>(block.scales[j] | (block.mins[j] << 4));
    out.bytes(packed, 16);
    pairs(0);
    out.f16(block.d);
    out.f16(block.dmin);
  } else if (type == GgmlType::q3_k) {
    high_bits(2);
    pairs(0);
    pack_scales(block.scales, packed);
    out.bytes(packed, kScaleBytes);
    out.f16(block.d);
  } else if (type == GgmlType::q6_k) {
    nibbles(64);
    pairs(4);
    out.bytes(block.scales, 16);
    out.f16(block.d);
  } else {
    out.f16(block.d);
    out.f16(block.dmin);
    pack_scales_and_mins(block, packed);
    out.bytes(packed, kPairBytes);
    if (type == GgmlType::q5_k) high_bits(4);
    nibbles(32);
  }
}

void unpack(GgmlType type, const std::byte* src, SuperBlock& block) {
  Reader in{src};
  Byte packed[kSuperBlock / 2];
  std::memset(block.codes, 0, kSuperBlock);
  const auto nibbles = [&](int group) {
    in.bytes(packed, kSuperBlock / 2);
    unpack_nibbles(packed, group, block.codes);
  };
  const auto pairs = [&](int shift) {
    in.bytes(packed, kSuperBlock / 4);
    unpack_pairs(packed, shift, block.codes);
  };
  if (type == GgmlType::q2_k) {
    in.bytes(packed, 16);
    for (int j = 0; j < 16; ++j) {
      block.scales[j] = packed[j] & 15;
      block.mins[j] = packed[j] >> 4;
    }
    pairs(0);
    block.d = in.f16();
    block.dmin = in.f16();
  } else if (type == GgmlType::q3_k) {
    Byte high[kSuperBlock / 8];
    in.bytes(high, sizeof high);
    pairs(0);
    unpack_high_bits(high, 2, block.codes);
    in.bytes(packed, kScaleBytes);
    unpack_scales(packed, block.scales);
    block.d = in.f16();
  } else if (type == GgmlType::q6_k) {
    nibbles(64);
    pairs(4);
    in.bytes(block.scales, 16);
    block.d = in.f16();
  } else {
    block.d = in.f16();
    block.dmin = in.f16();
    in.bytes(packed, kPairBytes);
    unpack_scales_and_mins(packed, block);
    Byte high[kSuperBlock / 8] = {};
    if (type == GgmlType::q5_k) in.bytes(high, sizeof high);
    nibbles(32);
    unpack_high_bits(high, 4, block.codes);
  }
}

}  // namespace zeropoint::kernels
