#include <algorithm>
#include <limits>
#include <utility>

#include "kernels/pool/window_walk.h"

namespace zeropoint::reference {
namespace {

template <class T>
void max_of_windows(const PoolGeometry& g, const T* x, T* y) {
  for_each_window(g, [&](std::int64_t out, std::int64_t n, std::int64_t c, const auto&, const auto& spans) {
    T best =
        std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
    for_each_in_window(g, n, c, spans, [&](std::int64_t in, bool) { best = std::max(best, x[in]); });
    y[out] = best;
  });
}

}  // namespace

void max_pool(const PoolGeometry& g, const float* x, float* y) { max_of_windows(g, x, y); }
void max_pool(const PoolGeometry& g, const std::uint8_t* x, std::uint8_t* y) { max_of_windows(g, x, y); }
void max_pool(const PoolGeometry& g, const std::int8_t* x, std::int8_t* y) { max_of_windows(g, x, y); }

void average_pool(const PoolGeometry& g, PoolDivisor divisor, const float* x, float* y) {
  for_each_window(g, [&](std::int64_t out, std::int64_t n, std::int64_t c, const auto& at, const auto& spans) {
    float sum = 0;
    float row = 0;
    for_each_in_window(g, n, c, spans, [&](std::int64_t in, bool row_is_finished) {
      row += x[in];
      if (row_is_finished) sum += std::exchange(row, 0.0F);
    });
    std::int64_t count = 1;
    for (std::size_t axis = 0; axis < 3; ++axis) {
      count *= divisor == PoolDivisor::inside ? spans[axis].count : padded_count(g, axis, at[axis]);
    }
    y[out] = sum / static_cast<float>(count);
  });
}

}  // namespace zeropoint::reference
