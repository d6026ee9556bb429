// Codes to float32 with many grids: runs and columns.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dequantize/dequantize_grids.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>

#include "kernels/dequantize/dequantize.h"
#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace zeropoint {
namespace HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_SCALAR

template <class Code>
void runs(const Code* q, std::int64_t run, const GridSpan& grids, float* x) {
  reference::dequantize_runs_f32(q, run, grids, x);
}
template <class Code>
void columns(const Code* q, std::int64_t rows, const GridSpan& grids, float* x) {
  reference::dequantize_columns_f32(q, rows, grids, x);
}

#else

constexpr std::int64_t kLanes = HWY_LANES(float);

template <class Code>
HWY_INLINE void one(const Code* HWY_RESTRICT q, VI32 zero_point, VF32 scale, float* HWY_RESTRICT x) {
  const F32 f;
  const I32 i32;
  const VI32 code = hn::PromoteTo(i32, hn::LoadU(hn::Rebind<Code, F32>(), q));
  hn::StoreU(hn::Mul(hn::ConvertTo(f, hn::Sub(code, zero_point)), scale), f, x);
}

template <class Code>
void runs(const Code* q, std::int64_t run, const GridSpan& grids, float* x) {
  if (run < kLanes) return reference::dequantize_runs_f32(q, run, grids, x);
  for (std::int64_t g = 0; g < grids.count; ++g, q += run, x += run) {
    const VI32 zero_point = hn::Set(I32(), grids.zero_points[g]);
    const VF32 scale = hn::Set(F32(), grids.scales[g]);
    std::int64_t i = 0;
    for (; i + kLanes <= run; i += kLanes) one(q + i, zero_point, scale, x + i);
    if (i < run) one(q + run - kLanes, zero_point, scale, x + run - kLanes);  // overlaps the vector before it
  }
}

/// A few rows that share each load of their grids. The span comes by value: a reference might alias x.
template <int kRows, class Code>
HWY_INLINE void some_rows(const Code* HWY_RESTRICT q, std::int64_t stride, GridSpan grids, float* HWY_RESTRICT x) {
  for (std::int64_t i = 0; i < grids.count; i += kLanes) {
    const VI32 zero_point = hn::LoadU(I32(), grids.zero_points + i);
    const VF32 scale = hn::LoadU(F32(), grids.scales + i);
    one(q + i, zero_point, scale, x + i);
    if constexpr (kRows == 4) {
      one(q + stride + i, zero_point, scale, x + stride + i);
      one(q + 2 * stride + i, zero_point, scale, x + 2 * stride + i);
      one(q + 3 * stride + i, zero_point, scale, x + 3 * stride + i);
    }
  }
}

template <class Code>
void columns(const Code* q, std::int64_t rows, const GridSpan& grids, float* x) {
  constexpr std::int64_t kTile = 1024;  // columns whose grids stay in the first-level cache
  const std::int64_t stride = grids.count;
  const std::int64_t whole = stride / kLanes * kLanes;
  HWY_ALIGN float scales[kTile];  // an aligned copy: loads that cross cache lines would halve the speed
  HWY_ALIGN std::int32_t zero_points[kTile];
  for (std::int64_t tile = 0; tile < whole; tile += kTile) {
    GridSpan some = grids.from(tile, std::min(kTile, whole - tile));
    if (rows >= 4) {
      std::copy_n(some.scales, some.count, scales);
      std::copy_n(some.zero_points, some.count, zero_points);
      some.scales = scales;
      some.zero_points = zero_points;
    }
    std::int64_t row = 0;
    for (; row + 4 <= rows; row += 4) some_rows<4>(q + row * stride + tile, stride, some, x + row * stride + tile);
    for (; row < rows; ++row) some_rows<1>(q + row * stride + tile, stride, some, x + row * stride + tile);
  }
  const GridSpan rest = grids.from(whole, stride - whole);
  for (std::int64_t row = 0; row < rows && rest.count > 0; ++row) {
    reference::dequantize_runs_f32(q + row * stride + whole, 1, rest, x + row * stride + whole);
  }
}

#endif

void runs_u8(const std::uint8_t* q, std::int64_t run, const GridSpan& g, float* x) { runs(q, run, g, x); }
void runs_i8(const std::int8_t* q, std::int64_t run, const GridSpan& g, float* x) { runs(q, run, g, x); }
void runs_u16(const std::uint16_t* q, std::int64_t run, const GridSpan& g, float* x) { runs(q, run, g, x); }
void runs_i16(const std::int16_t* q, std::int64_t run, const GridSpan& g, float* x) { runs(q, run, g, x); }
void columns_u8(const std::uint8_t* q, std::int64_t rows, const GridSpan& g, float* x) { columns(q, rows, g, x); }
void columns_i8(const std::int8_t* q, std::int64_t rows, const GridSpan& g, float* x) { columns(q, rows, g, x); }
void columns_u16(const std::uint16_t* q, std::int64_t rows, const GridSpan& g, float* x) { columns(q, rows, g, x); }
void columns_i16(const std::int16_t* q, std::int64_t rows, const GridSpan& g, float* x) { columns(q, rows, g, x); }

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace zeropoint
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {
HWY_EXPORT(runs_u8);
HWY_EXPORT(runs_i8);
HWY_EXPORT(runs_u16);
HWY_EXPORT(runs_i16);
HWY_EXPORT(columns_u8);
HWY_EXPORT(columns_i8);
HWY_EXPORT(columns_u16);
HWY_EXPORT(columns_i16);
}  // namespace

void dequantize_runs_u8_f32(const std::uint8_t* q, std::int64_t run, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(runs_u8)(q, run, grids, x);
}
void dequantize_runs_i8_f32(const std::int8_t* q, std::int64_t run, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(runs_i8)(q, run, grids, x);
}
void dequantize_runs_u16_f32(const std::uint16_t* q, std::int64_t run, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(runs_u16)(q, run, grids, x);
}
void dequantize_runs_i16_f32(const std::int16_t* q, std::int64_t run, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(runs_i16)(q, run, grids, x);
}
void dequantize_columns_u8_f32(const std::uint8_t* q, std::int64_t rows, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(columns_u8)(q, rows, grids, x);
}
void dequantize_columns_i8_f32(const std::int8_t* q, std::int64_t rows, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(columns_i8)(q, rows, grids, x);
}
void dequantize_columns_u16_f32(const std::uint16_t* q, std::int64_t rows, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(columns_u16)(q, rows, grids, x);
}
void dequantize_columns_i16_f32(const std::int16_t* q, std::int64_t rows, const GridSpan& grids, float* x) {
  HWY_DYNAMIC_DISPATCH(columns_i16)(q, rows, grids, x);
}

}  // namespace zeropoint
#endif
