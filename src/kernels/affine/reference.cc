#include "kernels/affine/affine.h"

namespace zeropoint::reference {

void affine_columns_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                        std::int64_t channels) {
  for (std::int64_t i = 0; i < rows * channels; ++i) y[i] = x[i] * scale[i % channels] + offset[i % channels];
}

void affine_rows_f32(const float* x, const float* scale, const float* offset, float* y, std::int64_t rows,
                     std::int64_t channels, std::int64_t columns) {
  for (std::int64_t i = 0; i < rows * columns; ++i) {
    y[i] = x[i] * scale[i / columns % channels] + offset[i / columns % channels];
  }
}

}  // namespace zeropoint::reference
