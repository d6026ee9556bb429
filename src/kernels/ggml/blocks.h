// What a block holds, before its codes are packed: one struct for the formats of 32 values, one for those of 256.
//
// pack() and unpack() know where the bits lie in a file; the encoders and decoders know numbers only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/ggml/ggml.h"

namespace zeropoint::kernels {

constexpr int kBlock = 32;        // values of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0
constexpr int kSuperBlock = 256;  // values of Q2_K ... Q6_K

/// value = d * (code - zero) [+ m]; zero is 8 for Q4_0, 16 for Q5_0, 0 for the others.
struct Block {
  std::uint16_t d = 0;              // float16
  std::uint16_t m = 0;              // float16; Q4_1 and Q5_1 only
  std::uint8_t codes[kBlock] = {};  // Q8_0: two's complement
};

/// A super-block has 16 sub-blocks of 16 values, or 8 of 32 (Q4_K, Q5_K), each with a small integer scale.
/// Q2_K, Q4_K, Q5_K: value = (d * scale) * code - dmin * min. Q3_K, Q6_K: value = (d * scale) * (code - zero).
struct SuperBlock {
  std::uint16_t d = 0;     // float16
  std::uint16_t dmin = 0;  // float16
  std::int8_t scales[16] = {};
  std::uint8_t mins[16] = {};
  std::uint8_t codes[kSuperBlock] = {};
};

void pack(GgmlType type, const Block& block, std::byte* dst);
void pack(GgmlType type, const SuperBlock& block, std::byte* dst);
void unpack(GgmlType type, const std::byte* src, Block& block);
void unpack(GgmlType type, const std::byte* src, SuperBlock& block);

/// Everything but the codes of a super-block.
void pack_header(GgmlType type, const SuperBlock& block, std::byte* dst);
void unpack_header(GgmlType type, const std::byte* src, SuperBlock& block);

}  // namespace zeropoint::kernels
