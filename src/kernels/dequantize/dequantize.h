// Integer codes to float32: x = float(q - zero_point) * scale.
//
// The difference is exact (codes of at most 16 bits), the product is rounded once: every instruction
// set gives the same bits. q and x must not overlap; any alignment. Packed codes: kernels/pack first.
//
// Three shapes of the same work: one grid for all elements; runs, where elements
// [i * run, (i + 1) * run) lie on grid i; columns, where column c of a row-major matrix lies on grid c.
#pragma once

#include "kernels/grid.h"

namespace zeropoint {

void dequantize_u8_f32(const std::uint8_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);
void dequantize_i8_f32(const std::int8_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);
void dequantize_u16_f32(const std::uint16_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);
void dequantize_i16_f32(const std::int16_t* q, std::int64_t n, QParams grid, float* x, Store store = Store::cached);

void dequantize_runs_u8_f32(const std::uint8_t* q, std::int64_t run, const GridSpan& grids, float* x);
void dequantize_runs_i8_f32(const std::int8_t* q, std::int64_t run, const GridSpan& grids, float* x);
void dequantize_runs_u16_f32(const std::uint16_t* q, std::int64_t run, const GridSpan& grids, float* x);
void dequantize_runs_i16_f32(const std::int16_t* q, std::int64_t run, const GridSpan& grids, float* x);

void dequantize_columns_u8_f32(const std::uint8_t* q, std::int64_t rows, const GridSpan& grids, float* x);
void dequantize_columns_i8_f32(const std::int8_t* q, std::int64_t rows, const GridSpan& grids, float* x);
void dequantize_columns_u16_f32(const std::uint16_t* q, std::int64_t rows, const GridSpan& grids, float* x);
void dequantize_columns_i16_f32(const std::int16_t* q, std::int64_t rows, const GridSpan& grids, float* x);

namespace reference {

/// One value at a time. Code is (u)int8, (u)int16 or int32.
template <class Code>
void dequantize_f32(const Code* q, std::int64_t n, QParams grid, float* x);
template <class Code>
void dequantize_runs_f32(const Code* q, std::int64_t run, const GridSpan& grids, float* x);
template <class Code>
void dequantize_columns_f32(const Code* q, std::int64_t rows, const GridSpan& grids, float* x);

}  // namespace reference
}  // namespace zeropoint
