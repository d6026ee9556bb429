// Reading and writing single integer codes of any width, packed ones included: the readable form of
// what kernels/pack does in bulk. Low bits come first, as in ONNX.
#pragma once

#include <cstdint>
#include <cstring>

#include "zeropoint/dtype.h"

namespace zeropoint {

/// Element i of codes of type `dtype` (int2 to int32, uint2 to uint16), sign-extended.
inline std::int32_t load_code(DType dtype, const void* data, std::int64_t i) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  switch (dtype) {
    case DType::u8:
      return bytes[i];
    case DType::i8:
      return static_cast<std::int8_t>(bytes[i]);
    case DType::u16:
      return static_cast<const std::uint16_t*>(data)[i];
    case DType::i16:
      return static_cast<const std::int16_t*>(data)[i];
    case DType::i32:
      return static_cast<const std::int32_t*>(data)[i];
    case DType::u4:
      return (bytes[i / 2] >> (4 * (i % 2))) & 15;
    case DType::i4:
      return ((bytes[i / 2] >> (4 * (i % 2)) & 15) ^ 8) - 8;
    case DType::u2:
      return (bytes[i / 4] >> (2 * (i % 4))) & 3;
    case DType::i2:
      return ((bytes[i / 4] >> (2 * (i % 4)) & 3) ^ 2) - 2;
    default:
      return 0;
  }
}

/// Stores the low bits of `code` as element i; neighbours in the same byte keep their values.
inline void store_code(DType dtype, void* data, std::int64_t i, std::int32_t code) {
  auto* bytes = static_cast<std::uint8_t*>(data);
  const int width = bits(dtype);
  if (width >= 8) {
    std::memcpy(bytes + i * (width / 8), &code, static_cast<std::size_t>(width / 8));  // little endian
    return;
  }
  const int per_byte = 8 / width;
  const int shift = static_cast<int>(i % per_byte) * width;
  const int mask = ((1 << width) - 1) << shift;
  bytes[i / per_byte] = static_cast<std::uint8_t>((bytes[i / per_byte] & ~mask) | ((code << shift) & mask));
}

}  // namespace zeropoint
