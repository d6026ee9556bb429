// Packing codes of 2 and 4 bits into bytes, low bits first as in ONNX, and back.
//
// Packing keeps the low bits of each 8-bit code, whatever its sign; bits past the last code are 0.
// Unpacking to int8 extends the sign. The buffers must not overlap; any alignment.
#pragma once

#include <cstdint>

namespace zeropoint {

void pack_4bit(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed);  ///< (n + 1) / 2 bytes
void pack_2bit(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed);  ///< (n + 3) / 4 bytes

void unpack_u4(const std::uint8_t* packed, std::int64_t n, std::uint8_t* codes);
void unpack_i4(const std::uint8_t* packed, std::int64_t n, std::int8_t* codes);
void unpack_u2(const std::uint8_t* packed, std::int64_t n, std::uint8_t* codes);
void unpack_i2(const std::uint8_t* packed, std::int64_t n, std::int8_t* codes);

namespace reference {

/// kBits is 2 or 4; Code is uint8 or int8.
template <int kBits>
void pack(const std::uint8_t* codes, std::int64_t n, std::uint8_t* packed);
template <int kBits, class Code>
void unpack(const std::uint8_t* packed, std::int64_t n, Code* codes);

}  // namespace reference
}  // namespace zeropoint
