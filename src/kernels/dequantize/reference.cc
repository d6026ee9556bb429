#include "kernels/dequantize/dequantize.h"

namespace zeropoint::reference {

template <class Code>
void dequantize_f32(const Code* q, std::int64_t n, QParams grid, float* x) {
  for (std::int64_t i = 0; i < n; ++i) x[i] = dequantize_value(q[i], grid);
}
template void dequantize_f32(const std::uint8_t*, std::int64_t, QParams, float*);
template void dequantize_f32(const std::int8_t*, std::int64_t, QParams, float*);
template void dequantize_f32(const std::uint16_t*, std::int64_t, QParams, float*);
template void dequantize_f32(const std::int16_t*, std::int64_t, QParams, float*);
template void dequantize_f32(const std::int32_t*, std::int64_t, QParams, float*);

}  // namespace zeropoint::reference
