// float32 to the codes of 8-bit and 4-bit floats and back, on a grid: code = encode(x / scale), x = decode(code) *
// scale.
//
// The quotient is a true float32 division, then rounds to the nearest code, ties to even, and saturates
// at the largest finite value: encode() of base/float8.h, bit for bit on every instruction set. NaN gives
// the code of 0; the result is false when there was a NaN or an infinity. One code per byte: 4-bit codes
// are packed by kernels/pack. The buffers must not overlap; any alignment.
#pragma once

#include <cstdint>

#include "base/float8.h"

namespace zeropoint {

bool encode_f32(const float* x, std::int64_t n, float scale, const SmallFloat& format, std::uint8_t* codes);

/// The same with a scale for every element.
bool encode_each_f32(const float* x, std::int64_t n, const float* scales, const SmallFloat& format,
                     std::uint8_t* codes);

/// The values of all codes: decode(code) for code in [0, 256).
struct DecodeTable {
  explicit DecodeTable(const SmallFloat& format);
  float values[256];
};
void decode_f32(const std::uint8_t* codes, std::int64_t n, float scale, const DecodeTable& table, float* x);

namespace reference {
bool encode_f32(const float* x, std::int64_t n, float scale, const SmallFloat& format, std::uint8_t* codes);
}  // namespace reference

}  // namespace zeropoint
