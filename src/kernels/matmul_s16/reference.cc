#include "kernels/matmul_s16/matmul_s16.h"

namespace zeropoint::reference {

void matmul_s16_s32(const std::int16_t* a, std::int64_t rows, std::int64_t pairs, const std::int16_t* b,
                    std::int64_t columns, std::int32_t* c) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < columns; ++j) {
      std::uint32_t sum = 0;
      for (std::int64_t p = 0; p < pairs; ++p) {
        for (std::int64_t half = 0; half < 2; ++half) {
          sum += static_cast<std::uint32_t>(a[r * 2 * pairs + 2 * p + half] * b[(p * columns + j) * 2 + half]);
        }
      }
      c[r * columns + j] = static_cast<std::int32_t>(sum);
    }
  }
}

}  // namespace zeropoint::reference
