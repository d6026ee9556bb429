// Visits the elements of pooling windows one by one: for references and for types without a fast kernel.
#pragma once

#include "base/parallel.h"
#include "kernels/pool/pool.h"

namespace zeropoint {

/// body(output element, channel, d, h, w, spans) for each output element of one image row after another; spans tell
/// what the window covers. Elements count in units of the channels_last array.
template <class Body>
void for_each_window(const PoolGeometry& g, Body&& body) {
  const std::int64_t rows = g.batch * g.output[0] * g.output[1];
  parallel_ranges(rows, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t h = row % g.output[1];
      const std::int64_t d = row / g.output[1] % g.output[0];
      const std::int64_t n = row / g.output[1] / g.output[0];
      const PoolSpan depth = pool_span(g, 0, d);
      const PoolSpan height = pool_span(g, 1, h);
      for (std::int64_t w = 0; w < g.output[2]; ++w) {
        const PoolSpan width = pool_span(g, 2, w);
        for (std::int64_t c = 0; c < g.channels; ++c) {
          body((row * g.output[2] + w) * g.channels + c, n, c, std::array<std::int64_t, 3>{d, h, w},
               std::array<PoolSpan, 3>{depth, height, width});
        }
      }
    }
  });
}

/// take(element of the input, row_is_finished) for each element of a window, in order.
template <class Take>
void for_each_in_window(const PoolGeometry& g, std::int64_t n, std::int64_t c, const std::array<PoolSpan, 3>& spans,
                        Take&& take) {
  for (std::int64_t i = 0; i < spans[0].count; ++i) {
    const std::int64_t d = spans[0].first + i * spans[0].step;
    for (std::int64_t j = 0; j < spans[1].count; ++j) {
      const std::int64_t h = spans[1].first + j * spans[1].step;
      for (std::int64_t k = 0; k < spans[2].count; ++k) {
        const std::int64_t w = spans[2].first + k * spans[2].step;
        take((((n * g.input[0] + d) * g.input[1] + h) * g.input[2] + w) * g.channels + c, k + 1 == spans[2].count);
      }
    }
  }
}

}  // namespace zeropoint
