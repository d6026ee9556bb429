#include <cmath>

#include "kernels/small_float/small_float.h"

namespace zeropoint {

bool reference::encode_f32(const float* x, std::int64_t n, float scale, const SmallFloat& format, std::uint8_t* codes) {
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) {
    finite &= std::isfinite(x[i]);
    const float quotient = x[i] / scale;
    codes[i] = std::isnan(quotient) ? std::uint8_t{0} : encode(static_cast<double>(quotient), format, true);
  }
  return finite;
}

DecodeTable::DecodeTable(const SmallFloat& format) {
  for (int code = 0; code < 256; ++code) values[code] = decode(static_cast<std::uint8_t>(code), format);
}

void decode_f32(const std::uint8_t* codes, std::int64_t n, float scale, const DecodeTable& table, float* x) {
  for (std::int64_t i = 0; i < n; ++i) x[i] = table.values[codes[i]] * scale;
}

}  // namespace zeropoint
