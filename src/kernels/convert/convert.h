// Arrays of other types to float32, and float32 to the 16-bit floats.
//
// The values are those of base/float16.h and of a C++ cast, on every instruction set. Any alignment,
// any length; source and destination do not overlap.
#pragma once

#include <cstdint>

namespace zeropoint {

void convert_f16_f32(const std::uint16_t* x, float* y, std::int64_t n);
void convert_bf16_f32(const std::uint16_t* x, float* y, std::int64_t n);
void convert_u8_f32(const std::uint8_t* x, float* y, std::int64_t n);
void convert_i32_f32(const std::int32_t* x, float* y, std::int64_t n);

/// Round to nearest, ties to even.
void convert_f32_f16(const float* x, std::uint16_t* y, std::int64_t n);
void convert_f32_bf16(const float* x, std::uint16_t* y, std::int64_t n);

}  // namespace zeropoint
