#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool/pool.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>
#include <limits>

#include "base/parallel.h"
#include "kernels/pool/pool.h"
#include "kernels/simd-inl.h"

#ifndef ZEROPOINT_KERNELS_POOL_POOL_CC
#define ZEROPOINT_KERNELS_POOL_POOL_CC
namespace zeropoint {
namespace {

/// The elements of one window over all channels: x[base + ...] for every position that the spans cover.
struct PoolWindow {
  std::int64_t base = 0;  // element of the image's first channel at position 0
  std::array<PoolSpan, 3> spans;
  std::array<std::int64_t, 3> steps;  // elements from position to position along each axis
  float divisor = 1;
};

}  // namespace
}  // namespace zeropoint
#endif

HWY_BEFORE_NAMESPACE();
namespace zeropoint::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// fold(channel offset) with the address of each element of the window; row_end() after each of its rows.
template <class Fold, class RowEnd>
HWY_INLINE void walk(const PoolWindow& window, Fold&& fold, RowEnd&& row_end) {
  for (std::int64_t i = 0; i < window.spans[0].count; ++i) {
    const std::int64_t d = window.base + (window.spans[0].first + i * window.spans[0].step) * window.steps[0];
    for (std::int64_t j = 0; j < window.spans[1].count; ++j) {
      const std::int64_t h = d + (window.spans[1].first + j * window.spans[1].step) * window.steps[1];
      std::int64_t at = h + window.spans[2].first * window.steps[2];
      for (std::int64_t k = 0; k < window.spans[2].count; ++k) {
        fold(at);
        at += window.spans[2].step * window.steps[2];
      }
      row_end();
    }
  }
}

/// Channels [c, ...) in steps of D's lanes while they fit; returns where it stopped.
template <class D, class T>
std::int64_t max_channels(D d, const PoolWindow& window, const T* x, T* y, std::int64_t c, std::int64_t channels) {
  using V = hn::Vec<D>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const T lowest =
      std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  for (; c + 4 * lanes <= channels; c += 4 * lanes) {
    V m0 = hn::Set(d, lowest), m1 = m0, m2 = m0, m3 = m0;
    walk(
        window,
        [&](std::int64_t at) HWY_ATTR {
          const T* from = x + at + c;
          m0 = hn::Max(m0, hn::LoadU(d, from));
          m1 = hn::Max(m1, hn::LoadU(d, from + lanes));
          m2 = hn::Max(m2, hn::LoadU(d, from + 2 * lanes));
          m3 = hn::Max(m3, hn::LoadU(d, from + 3 * lanes));
        },
        [] {});
    hn::StoreU(m0, d, y + c);
    hn::StoreU(m1, d, y + c + lanes);
    hn::StoreU(m2, d, y + c + 2 * lanes);
    hn::StoreU(m3, d, y + c + 3 * lanes);
  }
  for (; c + lanes <= channels; c += lanes) {
    V m = hn::Set(d, lowest);
    walk(
        window, [&](std::int64_t at) HWY_ATTR { m = hn::Max(m, hn::LoadU(d, x + at + c)); }, [] {});
    hn::StoreU(m, d, y + c);
  }
  return c;
}

template <class D>
std::int64_t average_channels(D d, const PoolWindow& window, const float* x, float* y, std::int64_t c,
                              std::int64_t channels) {
  using V = hn::Vec<D>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const V divisor = hn::Set(d, window.divisor);
  const V zero = hn::Zero(d);
  for (; c + 2 * lanes <= channels; c += 2 * lanes) {
    V sum0 = zero, sum1 = zero, row0 = zero, row1 = zero;
    walk(
        window,
        [&](std::int64_t at) HWY_ATTR {
          row0 = hn::Add(row0, hn::LoadU(d, x + at + c));
          row1 = hn::Add(row1, hn::LoadU(d, x + at + c + lanes));
        },
        [&]() HWY_ATTR {
          sum0 = hn::Add(sum0, row0);
          sum1 = hn::Add(sum1, row1);
          row0 = row1 = zero;
        });
    hn::StoreU(hn::Div(sum0, divisor), d, y + c);
    hn::StoreU(hn::Div(sum1, divisor), d, y + c + lanes);
  }
  for (; c + lanes <= channels; c += lanes) {
    V sum = zero, row = zero;
    walk(
        window, [&](std::int64_t at) HWY_ATTR { row = hn::Add(row, hn::LoadU(d, x + at + c)); },
        [&]() HWY_ATTR {
          sum = hn::Add(sum, row);
          row = zero;
        });
    hn::StoreU(hn::Div(sum, divisor), d, y + c);
  }
  return c;
}

template <class T>
void max_window(const PoolWindow& window, const T* x, T* y, std::int64_t c, std::int64_t channels) {
#if HWY_TARGET != HWY_SCALAR
  c = max_channels(hn::ScalableTag<T>(), window, x, y, c, channels);
  c = max_channels(hn::CappedTag<T, 16 / sizeof(T)>(), window, x, y, c, channels);
#endif
  max_channels(hn::CappedTag<T, 1>(), window, x, y, c, channels);
}

void MaxWindowF32(const PoolWindow& w, const float* x, float* y, std::int64_t c, std::int64_t channels) {
  max_window(w, x, y, c, channels);
}
void MaxWindowU8(const PoolWindow& w, const std::uint8_t* x, std::uint8_t* y, std::int64_t c, std::int64_t channels) {
  max_window(w, x, y, c, channels);
}
void MaxWindowI8(const PoolWindow& w, const std::int8_t* x, std::int8_t* y, std::int64_t c, std::int64_t channels) {
  max_window(w, x, y, c, channels);
}
void AverageWindowF32(const PoolWindow& w, const float* x, float* y, std::int64_t c, std::int64_t channels) {
#if HWY_TARGET != HWY_SCALAR
  c = average_channels(hn::ScalableTag<float>(), w, x, y, c, channels);
  c = average_channels(hn::CappedTag<float, 4>(), w, x, y, c, channels);
#endif
  average_channels(hn::CappedTag<float, 1>(), w, x, y, c, channels);
}

}  // namespace
}  // namespace zeropoint::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace zeropoint {
namespace {

HWY_EXPORT(MaxWindowF32);
HWY_EXPORT(MaxWindowU8);
HWY_EXPORT(MaxWindowI8);
HWY_EXPORT(AverageWindowF32);

constexpr std::int64_t kChannelBlock = 256;  // channels of one window that are a piece of work of their own
constexpr std::int64_t kChunkReads = 65536;  // elements that are worth a parallel chunk

/// run(window, output element, first channel, last channel) for every window, cut by rows and blocks of channels.
template <class Run>
void for_each_window_row(const PoolGeometry& g, PoolDivisor divisor, Run&& run) {
  const std::int64_t blocks = (g.channels + kChannelBlock - 1) / kChannelBlock;
  const std::int64_t rows = g.batch * g.output[0] * g.output[1];
  const std::int64_t reads =
      g.output[2] * std::min(g.channels, kChannelBlock) * g.kernel[0] * g.kernel[1] * g.kernel[2];
  const std::int64_t grain = std::max<std::int64_t>(1, kChunkReads / std::max<std::int64_t>(1, reads));
  const std::array<std::int64_t, 3> steps = {g.input[1] * g.input[2] * g.channels, g.input[2] * g.channels, g.channels};
  parallel_ranges(rows * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i / blocks;
      const std::int64_t channel = i % blocks * kChannelBlock;
      const std::array<std::int64_t, 3> at = {row / g.output[1] % g.output[0], row % g.output[1], 0};
      PoolWindow window{.base = row / g.output[1] / g.output[0] * g.input[0] * steps[0], .steps = steps};
      window.spans[0] = pool_span(g, 0, at[0]);
      window.spans[1] = pool_span(g, 1, at[1]);
      const std::int64_t padded = padded_count(g, 0, at[0]) * padded_count(g, 1, at[1]);
      for (std::int64_t w = 0; w < g.output[2]; ++w) {
        window.spans[2] = pool_span(g, 2, w);
        const std::int64_t count = divisor == PoolDivisor::inside
                                       ? window.spans[0].count * window.spans[1].count * window.spans[2].count
                                       : padded * padded_count(g, 2, w);
        window.divisor = static_cast<float>(count);
        run(window, (row * g.output[2] + w) * g.channels, channel, std::min(g.channels, channel + kChannelBlock));
      }
    }
  });
}

}  // namespace

PoolSpan pool_span(const PoolGeometry& g, std::size_t axis, std::int64_t output) {
  const std::int64_t step = g.dilations[axis];
  std::int64_t first = output * g.strides[axis] - g.pads_begin[axis];
  const std::int64_t skipped = first < 0 ? (-first + step - 1) / step : 0;
  first += skipped * step;
  const std::int64_t reach = first < g.input[axis] ? (g.input[axis] - first + step - 1) / step : 0;
  return {first, step, std::max<std::int64_t>(0, std::min(g.kernel[axis] - skipped, reach))};
}

std::int64_t padded_count(const PoolGeometry& g, std::size_t axis, std::int64_t output) {
  const std::int64_t first = output * g.strides[axis] - g.pads_begin[axis];
  const std::int64_t reach = g.input[axis] + g.pads_end[axis] - first;
  return std::clamp<std::int64_t>((reach + g.dilations[axis] - 1) / g.dilations[axis], 0, g.kernel[axis]);
}

void max_pool(const PoolGeometry& g, const float* x, float* y) {
  for_each_window_row(g, PoolDivisor::inside,
                      [&](const PoolWindow& window, std::int64_t out, std::int64_t c, std::int64_t end) {
                        HWY_DYNAMIC_DISPATCH(MaxWindowF32)(window, x, y + out, c, end);
                      });
}

void max_pool(const PoolGeometry& g, const std::uint8_t* x, std::uint8_t* y) {
  for_each_window_row(g, PoolDivisor::inside,
                      [&](const PoolWindow& window, std::int64_t out, std::int64_t c, std::int64_t end) {
                        HWY_DYNAMIC_DISPATCH(MaxWindowU8)(window, x, y + out, c, end);
                      });
}

void max_pool(const PoolGeometry& g, const std::int8_t* x, std::int8_t* y) {
  for_each_window_row(g, PoolDivisor::inside,
                      [&](const PoolWindow& window, std::int64_t out, std::int64_t c, std::int64_t end) {
                        HWY_DYNAMIC_DISPATCH(MaxWindowI8)(window, x, y + out, c, end);
                      });
}

void average_pool(const PoolGeometry& g, PoolDivisor divisor, const float* x, float* y) {
  for_each_window_row(g, divisor, [&](const PoolWindow& window, std::int64_t out, std::int64_t c, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(AverageWindowF32)(window, x, y + out, c, end);
  });
}

}  // namespace zeropoint
#endif
