#include <cmath>

#include "kernels/fake_quantize/fake_quantize.h"

namespace zeropoint {

bool reference::fake_quantize_f32(const float* x, std::int64_t n, const CodeGrid& grid, float* y) {
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) {
    finite &= std::isfinite(x[i]);
    const std::int32_t code = quantize_value(x[i], grid.scale, grid.zero_point, grid.codes);
    y[i] = dequantize_value(code, {grid.scale, grid.zero_point});
  }
  return finite;
}

}  // namespace zeropoint
