// Pooling of channels_last activations [N, D, H, W, C]; fewer spatial axes are padded in front with ones.
//
//   max:      y = max of the window's elements inside the input
//   average:  y = (sum of the window's elements inside the input) / divisor
//
// Elements in the padding never count as values. An average sums each row of a window first.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace zeropoint {

struct PoolGeometry {
  using Axes = std::array<std::int64_t, 3>;
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  Axes input = {1, 1, 1};
  Axes output = {1, 1, 1};
  Axes kernel = {1, 1, 1};
  Axes strides = {1, 1, 1};
  Axes dilations = {1, 1, 1};
  Axes pads_begin = {0, 0, 0};
  Axes pads_end = {0, 0, 0};
};

/// Along one axis: the window at `output` covers input positions first, first + step, ... (count of them).
struct PoolSpan {
  std::int64_t first = 0;
  std::int64_t step = 1;
  std::int64_t count = 0;
};
PoolSpan pool_span(const PoolGeometry& geometry, std::size_t axis, std::int64_t output);

/// How many elements of that window lie in the input or its padding.
std::int64_t padded_count(const PoolGeometry& geometry, std::size_t axis, std::int64_t output);

void max_pool(const PoolGeometry& geometry, const float* x, float* y);
void max_pool(const PoolGeometry& geometry, const std::uint8_t* x, std::uint8_t* y);
void max_pool(const PoolGeometry& geometry, const std::int8_t* x, std::int8_t* y);

enum class PoolDivisor { inside, with_padding };
void average_pool(const PoolGeometry& geometry, PoolDivisor divisor, const float* x, float* y);

namespace reference {
void max_pool(const PoolGeometry& geometry, const float* x, float* y);
void max_pool(const PoolGeometry& geometry, const std::uint8_t* x, std::uint8_t* y);
void max_pool(const PoolGeometry& geometry, const std::int8_t* x, std::int8_t* y);
void average_pool(const PoolGeometry& geometry, PoolDivisor divisor, const float* x, float* y);
}  // namespace reference

}  // namespace zeropoint
