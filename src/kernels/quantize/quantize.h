// float32 to integer codes: q = clamp(rint(x / scale) + zero_point, codes).
//
// The division is exact (see kernels/divider.h), so every instruction set gives the codes of
// quantize_value(). NaN gives the zero point, infinities saturate; the result is false when there was
// one or the other. x and q must not overlap; any alignment. 2-bit and 4-bit codes use the 8-bit
// kernels with their own `codes`, then kernels/pack.
//
// Three shapes of the same work: one grid for all elements; runs, where elements
// [i * run, (i + 1) * run) lie on grid i; columns, where column c of a row-major matrix lies on grid c.
#pragma once

#include "kernels/grid.h"

namespace zeropoint {

bool quantize_f32_u8(const float* x, std::int64_t n, const CodeGrid& grid, std::uint8_t* q,
                     Store store = Store::cached);
bool quantize_f32_i8(const float* x, std::int64_t n, const CodeGrid& grid, std::int8_t* q, Store store = Store::cached);
bool quantize_f32_u16(const float* x, std::int64_t n, const CodeGrid& grid, std::uint16_t* q);
bool quantize_f32_i16(const float* x, std::int64_t n, const CodeGrid& grid, std::int16_t* q);

bool quantize_runs_f32_u8(const float* x, std::int64_t run, const GridSpan& grids, std::uint8_t* q);
bool quantize_runs_f32_i8(const float* x, std::int64_t run, const GridSpan& grids, std::int8_t* q);

bool quantize_columns_f32_u8(const float* x, std::int64_t rows, const GridSpan& grids, std::uint8_t* q);
bool quantize_columns_f32_i8(const float* x, std::int64_t rows, const GridSpan& grids, std::int8_t* q);
bool quantize_columns_f32_u16(const float* x, std::int64_t rows, const GridSpan& grids, std::uint16_t* q);
bool quantize_columns_f32_i16(const float* x, std::int64_t rows, const GridSpan& grids, std::int16_t* q);

namespace reference {

/// The definition, one value at a time. Code is (u)int8, (u)int16 or int32.
template <class Code>
bool quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, Code* q);
template <class Code>
bool quantize_runs_f32(const float* x, std::int64_t run, const GridSpan& grids, Code* q);
template <class Code>
bool quantize_columns_f32(const float* x, std::int64_t rows, const GridSpan& grids, Code* q);

}  // namespace reference
}  // namespace zeropoint
