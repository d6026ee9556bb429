#include <cmath>

#include "kernels/quantize/quantize.h"

namespace zeropoint::reference {

template <class Code>
bool quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, Code* q) {
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) {
    finite &= std::isfinite(x[i]);
    q[i] = static_cast<Code>(quantize_value(x[i], grid.scale, grid.zero_point, grid.codes));
  }
  return finite;
}

template <class Code>
bool quantize_runs_f32(const float* x, std::int64_t run, const GridSpan& grids, Code* q) {
  bool finite = true;
  for (std::int64_t i = 0; i < grids.count; ++i) finite &= quantize_f32(x + i * run, run, grids[i], q + i * run);
  return finite;
}

template <class Code>
bool quantize_columns_f32(const float* x, std::int64_t rows, const GridSpan& grids, Code* q) {
  bool finite = true;
  for (std::int64_t row = 0; row < rows; ++row) {
    finite &= quantize_runs_f32(x + row * grids.count, 1, grids, q + row * grids.count);
  }
  return finite;
}

#define ZEROPOINT_INSTANTIATE(Code)                                                    \
  template bool quantize_f32(const float*, std::int64_t, const CodeGrid&, Code*);      \
  template bool quantize_runs_f32(const float*, std::int64_t, const GridSpan&, Code*); \
  template bool quantize_columns_f32(const float*, std::int64_t, const GridSpan&, Code*);
ZEROPOINT_INSTANTIATE(std::uint8_t)
ZEROPOINT_INSTANTIATE(std::int8_t)
ZEROPOINT_INSTANTIATE(std::uint16_t)
ZEROPOINT_INSTANTIATE(std::int16_t)
ZEROPOINT_INSTANTIATE(std::int32_t)
#undef ZEROPOINT_INSTANTIATE

}  // namespace zeropoint::reference
