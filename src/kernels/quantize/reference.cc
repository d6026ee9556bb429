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
template bool quantize_f32(const float*, std::int64_t, const CodeGrid&, std::uint8_t*);
template bool quantize_f32(const float*, std::int64_t, const CodeGrid&, std::int8_t*);
template bool quantize_f32(const float*, std::int64_t, const CodeGrid&, std::uint16_t*);
template bool quantize_f32(const float*, std::int64_t, const CodeGrid&, std::int16_t*);
template bool quantize_f32(const float*, std::int64_t, const CodeGrid&, std::int32_t*);

}  // namespace zeropoint::reference
