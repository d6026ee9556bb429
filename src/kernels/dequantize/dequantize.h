// Integer codes on one grid to float32: x[i] = float(q[i] - zero_point) * scale.
//
// The difference is exact (codes of at most 16 bits), the product is rounded once: every instruction
// set gives the same bits. q and x must not overlap; any alignment. Packed codes: kernels/pack first.
#pragma once

#include "kernels/grid.h"

namespace zeropoint {

void dequantize_u8_f32(const std::uint8_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);
void dequantize_i8_f32(const std::int8_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);
void dequantize_u16_f32(const std::uint16_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);
void dequantize_i16_f32(const std::int16_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);

namespace reference {

/// One value at a time. Code is (u)int8, (u)int16 or int32.
template <class Code>
void dequantize_f32(const Code* q, std::int64_t n, QParams grid, float* x);

}  // namespace reference
}  // namespace zeropoint
