#include "kernels/dequantize/dequantize.h"

namespace zeropoint::reference {

template <class Code>
void dequantize_f32(const Code* q, std::int64_t n, QParams grid, float* x) {
  for (std::int64_t i = 0; i < n; ++i) x[i] = dequantize_value(q[i], grid);
}

template <class Code>
void dequantize_runs_f32(const Code* q, std::int64_t run, const GridSpan& grids, float* x) {
  for (std::int64_t i = 0; i < grids.count; ++i) {
    dequantize_f32(q + i * run, run, {grids.scales[i], grids.zero_points[i]}, x + i * run);
  }
}

template <class Code>
void dequantize_columns_f32(const Code* q, std::int64_t rows, const GridSpan& grids, float* x) {
  for (std::int64_t row = 0; row < rows; ++row) {
    dequantize_runs_f32(q + row * grids.count, 1, grids, x + row * grids.count);
  }
}

#define ZEROPOINT_INSTANTIATE(Code)                                                      \
  template void dequantize_f32(const Code*, std::int64_t, QParams, float*);              \
  template void dequantize_runs_f32(const Code*, std::int64_t, const GridSpan&, float*); \
  template void dequantize_columns_f32(const Code*, std::int64_t, const GridSpan&, float*);
ZEROPOINT_INSTANTIATE(std::uint8_t)
ZEROPOINT_INSTANTIATE(std::int8_t)
ZEROPOINT_INSTANTIATE(std::uint16_t)
ZEROPOINT_INSTANTIATE(std::int16_t)
ZEROPOINT_INSTANTIATE(std::int32_t)
#undef ZEROPOINT_INSTANTIATE

}  // namespace zeropoint::reference
