// Where the numbers of a super-block lie in its bytes.
//
// Codes come in pieces of 32 values; value l of a piece owns some bits of byte l of 32 bytes, and up to 8 / bits pieces
// share those bytes. Codes of 3, 5 and 6 bits have their upper bits elsewhere, in the same manner.
#pragma once

#include <cstdint>

#include "kernels/ggml/ggml.h"

namespace zeropoint::kernels {

constexpr int kPiece = 32;
constexpr int kPieces = 8;

/// Offsets in bytes; dmin and high are 0 where a format has none.
struct SuperBlockLayout {
  int d, dmin;
  int scales;  // packed scales, with the mins
  int low, low_bits;
  int high, high_bits;
};

constexpr SuperBlockLayout layout_of(GgmlType type) {
  switch (type) {
    case GgmlType::q2_k:
      return {.d = 80, .dmin = 82, .scales = 0, .low = 16, .low_bits = 2, .high = 0, .high_bits = 0};
    case GgmlType::q3_k:
      return {.d = 108, .dmin = 0, .scales = 96, .low = 32, .low_bits = 2, .high = 0, .high_bits = 1};
    case GgmlType::q4_k:
      return {.d = 0, .dmin = 2, .scales = 4, .low = 16, .low_bits = 4, .high = 0, .high_bits = 0};
    case GgmlType::q5_k:
      return {.d = 0, .dmin = 2, .scales = 4, .low = 48, .low_bits = 4, .high = 16, .high_bits = 1};
    default:  // Q6_K
      return {.d = 208, .dmin = 0, .scales = 192, .low = 0, .low_bits = 4, .high = 128, .high_bits = 2};
  }
}

/// A field of 32 bytes: (byte >> shift) mod 2^bits.
struct Field {
  int offset;
  int shift;
  int bits;
};

/// The low bits of piece p. Q6_K pairs piece p with p + 2, the others with their neighbours.
constexpr Field low_field(GgmlType type, int p) {
  const SuperBlockLayout layout = layout_of(type);
  if (type == GgmlType::q6_k) return {layout.low + 64 * (p / 4) + kPiece * (p % 2), 4 * (p % 4 / 2), 4};
  const int shared = 8 / layout.low_bits;
  return {layout.low + kPiece * (p / shared), layout.low_bits * (p % shared), layout.low_bits};
}

/// The bits above those; `bits` is 0 where there are none.
constexpr Field high_field(GgmlType type, int p) {
  const SuperBlockLayout layout = layout_of(type);
  if (layout.high_bits == 0) return {};
  const int shared = 8 / layout.high_bits;
  return {layout.high + kPiece * (p / shared), layout.high_bits * (p % shared), layout.high_bits};
}

}  // namespace zeropoint::kernels
