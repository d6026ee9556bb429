// Counts float32 data in equal bins: bin = floor(x * inverse_width) + offset.
//
// With inverse_width a power of two the product is exact, so a value exactly on a border falls into
// the bin above it, on every instruction set. Values outside are counted in the first or last bin;
// NaN is counted in the first. At most 2^14 bins.
#pragma once

#include <cstdint>

namespace zeropoint {

struct HistogramBins {
  float inverse_width = 1;  // 1 / bin width
  std::int32_t offset = 0;  // the bin whose left edge is 0
  std::int32_t bins = 0;
};

/// Adds to counts[0 .. bins).
void histogram_f32(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts);

namespace reference {
void histogram_f32(const float* x, std::int64_t n, const HistogramBins& bins, std::uint64_t* counts);
}  // namespace reference

}  // namespace zeropoint
